// The permission tree: parents tick what they contain, a filter, folding, and what is unsaved. Without it the page has
// buttons that the server answers. Only leaves have a name; parents never reach the server.
(() => {
  'use strict';
  const doc = document, tree = doc.querySelector('[data-tree]');
  if (!tree) return;
  const $ = (selector, from = tree) => from.querySelector(selector);
  const all = (selector, from = tree) => [...from.querySelectorAll(selector)];
  const make = (tag, className, text) => Object.assign(doc.createElement(tag), { className, textContent: text });
  const leaves = from => all('input[type=checkbox][name=perm]', from);
  const ticked = boxes => boxes.filter(box => box.checked).length;
  const shown = box => !box.closest('[hidden]');
  const name = box => $('span', box.closest('label')).firstChild.textContent.trim();
  const groups = all('.grp'), filter = $('[data-filter]');

  function paintParents() {
    for (const parent of all('input[data-parent]')) {
      const boxes = leaves(parent.closest('[data-group]')).filter(shown), n = ticked(boxes);
      parent.checked = n > 0 && n === boxes.length;
      parent.indeterminate = n > 0 && n < boxes.length;
      parent.setAttribute('aria-label', `All ${filter.value.trim() ? 'shown in' : 'of'}: ${parent.dataset.parent}`);
    }
  }

  function paintCounts() {
    const boxes = leaves(tree);
    $('[data-total]').textContent = `${ticked(boxes)} of ${boxes.length}`;
    for (const group of groups) {
      const inside = leaves(group), n = ticked(inside);
      $('[data-count]', group).textContent = `${n} of ${inside.length}`;
      $('progress', group).value = n;
    }
  }

  function paintNeeds() { // leaves that are of no use without the one that opens their pages
    for (const note of all('[data-need]')) {
      const view = note.dataset.need, boxes = leaves(note.parentElement);
      const useless = boxes.filter(box => box.checked && box.dataset.view === view && box.value !== view);
      note.hidden = !useless.length || boxes.some(box => box.value === view && box.checked);
      if (!note.hidden) $('[data-useless]', note).textContent = useless.map(name).join(', ');
    }
  }

  function paintChanges() {
    const list = $('[data-diff]', doc), more = $('[data-diff-more]', doc);
    if (!list) return;
    const lines = [];
    for (const box of leaves(tree)) {
      const label = box.closest('label'), was = 'was' in box.dataset;
      $('.tag', label)?.remove();
      if (box.checked === was) continue;
      const line = make('li', was ? 'rem' : 'add', '');
      line.append(make('b', '', was ? '−' : '+'), make('span', '', name(box)));
      lines.push(line);
      if (more) label.append(make('span', `tag ${line.className}`, was ? 'removed' : 'added'));
    }
    list.replaceChildren(...lines);
    list.hidden = !lines.length;
    $('[data-diff-none]', doc).hidden = lines.length > 0;
    if (more) more.hidden = !lines.length;
  }

  function paint() {
    paintParents();
    paintCounts();
    paintNeeds();
    paintChanges();
  }

  tree.addEventListener('change', e => { // captured: whoever counts changes sees all of them
    const box = e.target;
    if (box.matches('[data-parent]')) {
      leaves(box.closest('[data-group]')).filter(leaf => shown(leaf) && !leaf.disabled).forEach(leaf => { leaf.checked = box.checked; });
    }
    paint();
  }, true);

  tree.addEventListener('click', e => {
    const fold = e.target.closest('[data-fold]'), add = e.target.closest('[data-need] button');
    if (fold) groups.forEach(group => { $('details', group).open = fold.dataset.fold === 'open'; });
    if (!add) return;
    e.preventDefault(); // it would ask the server
    const box = leaves(tree).find(leaf => leaf.value === add.closest('[data-need]').dataset.need);
    box.checked = true;
    box.dispatchEvent(new Event('change', { bubbles: true }));
    box.focus();
  });

  // --- Filter: by the words of a leaf, its part and its group
  let folded, later;
  filter.addEventListener('keydown', e => { if (e.key === 'Enter') e.preventDefault(); }); // it would save
  filter.addEventListener('input', () => {
    const words = filter.value.trim().toLowerCase();
    folded ??= groups.map(group => $('details', group).open);
    let hits = 0;
    groups.forEach((group, at) => {
      const title = $('summary b', group).textContent;
      for (const part of all('.part', group)) {
        for (const box of leaves(part)) {
          const text = `${title} ${$('legend', part).textContent} ${name(box)}`.toLowerCase();
          box.closest('label').hidden = words !== '' && !text.includes(words);
        }
        part.hidden = !all('.leaf:not([hidden])', part).length;
      }
      const found = all('.leaf:not([hidden])', group).length;
      hits += found;
      group.hidden = !found;
      $('details', group).open = words ? true : folded[at];
    });
    if (!words) folded = undefined;
    $('[data-nothing]').hidden = hits > 0;
    clearTimeout(later);
    later = setTimeout(() => { $('#live', doc).textContent = words ? `${hits} permission${hits === 1 ? '' : 's'} shown` : ''; }, 600);
    paintParents();
  });

  paint();
})();
