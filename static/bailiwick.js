// What pages do beyond plain forms and htmx; everything works without it. One function a behaviour; listeners sit
// on the document, so what is swapped in needs no wiring.
(() => {
  'use strict';
  const doc = document, root = doc.documentElement;
  const $ = (selector, from = doc) => from.querySelector(selector);
  const all = (selector, from = doc) => [...from.querySelectorAll(selector)];
  const on = (type, run, capture = false) => doc.addEventListener(type, run, capture);
  const near = (e, selector) => e.target.closest?.(selector);
  const focus = el => { if (el && el.tabIndex < 0) el.tabIndex = -1; el?.focus(); }; // headings too

  // --- Screen readers: the one polite live region
  const say = text => { const live = $('#live'); if (live) live.textContent = text; };
  let later;
  function announce() { // not while somebody types
    clearTimeout(later);
    later = setTimeout(() => {
      const text = all('[data-announce]').map(el => el.dataset.announce || el.textContent.trim()).join(' ');
      if (text) say(text);
    }, 600);
  }

  // --- Dialogs: dialog[data-modal] that htmx put into #dlg
  let opener;
  function openDialogs(ctx) {
    const host = $('#dlg'), dialog = host && $('dialog[data-modal]:not([open])', host);
    if (!dialog) return;
    if (host.contains(ctx.sourceElement)) dialog.dataset.again = ''; // the same one, with its errors
    else {
      opener = ctx.request?.submitter || ctx.sourceElement;
      const menu = opener.closest('details.menu'); // focus comes back to its summary
      if (menu) { menu.open = false; opener = $('summary', menu); }
    }
    dialog.showModal();
    focus($('[autofocus]', dialog) || $(':is(input:not([type=hidden]), select, textarea):enabled', dialog));
  }
  on('close', e => { // focus goes back to where it came from, else to the heading
    const dialog = e.target;
    if (!dialog.matches('dialog[data-modal]')) return;
    dialog.removeAttribute('data-modal');
    if ($('.errsum', dialog)) doc.title = doc.title.replace(/^Error: /, '');
    setTimeout(() => dialog.remove(), 250); // after its fade
    const back = opener?.isConnected ? opener : opener?.id && doc.getElementById(opener.id);
    back?.focus();
    if (!back || doc.activeElement !== back) focus($('main h1'));
  }, true);
  on('click', e => { // data-light: closes on its backdrop
    const dialog = e.target, r = dialog.matches?.('dialog[data-light]') && dialog.getBoundingClientRect();
    if (r && (e.clientX < r.left || e.clientX > r.right || e.clientY < r.top || e.clientY > r.bottom)) dialog.close();
  });

  // --- Menus and filter chips: close on a click elsewhere and on Esc
  const openMenus = () => all('details:is(.menu, .chip-menu)[open]');
  on('click', e => openMenus().forEach(menu => { if (!menu.contains(e.target)) menu.open = false; }));
  on('keydown', e => {
    const menu = e.key === 'Escape' && openMenus().pop();
    if (!menu) return;
    e.preventDefault(); // or the dialog around it would close as well
    menu.open = false;
    $('summary', menu).focus();
  });

  // --- Rows: page box, and a range with Shift
  let lastRow;
  const rowsNear = box => all('input[data-row]:enabled', box.closest('table') || doc);
  const ticked = boxes => boxes.filter(box => box.checked).length;
  function reflect(box, boxes) { // all, some or none of them
    const n = ticked(boxes);
    box.checked = n > 0 && n === boxes.length;
    box.indeterminate = n > 0 && n < boxes.length;
  }
  on('click', e => { // before the row's own "change": htmx then posts the whole range
    const box = near(e, 'input[data-row]');
    if (!box) return;
    if (e.shiftKey && lastRow?.isConnected) {
      const rows = rowsNear(box), [from, to] = [rows.indexOf(lastRow), rows.indexOf(box)].sort((a, b) => a - b);
      if (from >= 0) rows.slice(from, to + 1).forEach(row => { row.checked = box.checked; });
    }
    lastRow = box;
  });
  on('change', e => { // captured: htmx sees one "change", from a row, when all boxes are right
    const box = e.target;
    if (!box.matches('input[data-all]')) return;
    const rows = rowsNear(box).filter(row => row.checked !== box.checked);
    if (!rows.length) return;
    rows.forEach(row => { row.checked = box.checked; });
    e.stopImmediatePropagation();
    rows.at(-1).dispatchEvent(new Event('change', { bubbles: true }));
  }, true);

  // --- Keys: "/" to the search field, Ctrl or Cmd + Enter saves from a textarea
  on('keydown', e => {
    const command = e.ctrlKey || e.metaKey;
    if (e.key === 'Enter' && command && near(e, 'textarea')) e.target.form?.requestSubmit();
    if (e.key !== '/' || command || e.altKey || root.dataset.keys === 'off' || $('dialog[open]')) return;
    if (e.target.matches('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]')) return;
    e.preventDefault();
    const field = $('#q');
    if (field) field.select(); else $('.jump')?.click();
  });

  // --- Saving: the button says so; a form under way is not sent twice.
  // Forms with hx-sync queue by themselves; data-download answers with a file, so the page stays.
  const sending = new WeakMap();
  on('submit', e => {
    const form = e.target;
    if (form.getAttribute('method') !== 'post' || form.matches('[hx-sync], [data-download]')) return;
    if (sending.has(form)) { e.preventDefault(); e.stopImmediatePropagation(); return; }
    const button = e.submitter || $('.btn.primary', form), words = button && [...button.childNodes];
    button?.setAttribute('aria-busy', 'true');
    const timer = setTimeout(() => {
      if (button?.matches('.primary, .danger')) button.replaceChildren(button.dataset.busy || 'Saving…');
    }, 400);
    sending.set(form, () => {
      clearTimeout(timer);
      button?.removeAttribute('aria-busy');
      button?.replaceChildren(...words);
      sending.delete(form);
    });
  }, true);
  const sent = form => sending.get(form)?.();
  addEventListener('pageshow', () => all('form').forEach(sent)); // Back

  // --- Unsaved changes of <form data-guard>, against what was rendered; data-guard="changed": even that is not
  // saved (it came back with errors). <a data-discard> leaves without a question.
  function changes(form) {
    const radios = new Set();
    let count = 0;
    for (const el of form.elements) {
      if (!el.name || el.disabled || el.name === 'template' || el.type === 'search') continue; // they only fill boxes, and find
      if (el.type === 'radio') { if (el.checked !== el.defaultChecked) radios.add(el.name); }
      else if (el.type === 'checkbox') count += el.checked !== el.defaultChecked;
      else if (el.options) {
        const options = [...el.options], chosen = options.some(o => o.defaultSelected);
        count += options.some((o, i) => o.selected !== (chosen ? o.defaultSelected : !el.multiple && !i));
      } else if ('defaultValue' in el && el.type !== 'hidden') count += el.value !== el.defaultValue;
    }
    return count + radios.size;
  }
  const unsaved = form => form.dataset.guard === 'changed' || changes(form) > 0;
  function count(form) {
    const place = form?.matches('[data-guard]') && $('[data-changes]', form), n = place && changes(form);
    if (place) place.textContent = n ? `${n} unsaved change${n > 1 ? 's' : ''}` : unsaved(form) ? 'Unsaved changes' : 'No unsaved changes';
  }
  on('input', e => count(e.target.form));
  on('reset', e => setTimeout(() => count(e.target)));
  on('click', e => near(e, '[data-discard]')?.closest('form')?.removeAttribute('data-guard'));
  addEventListener('beforeunload', e => {
    if (all('form[data-guard]').some(form => !sending.has(form) && unsaved(form))) e.preventDefault();
  });

  // --- Access-right matrix: box #right-{code}-{LEVEL} is name=right value={code}:{LEVEL}, in #row-{code}
  function tickRead(box) { // without Read is allowed, but rarely meant
    const [, code] = box.checked && box.id.match(/^right-(.+)-(?:WRITE|DELETE)$/) || [];
    const read = code && doc.getElementById(`right-${code}-READ`);
    if (!read || read.checked || read.disabled) return;
    read.checked = true;
    say(`Read was ticked too: ${$(`#row-${code} b`)?.firstChild.textContent.trim()}`);
  }
  const rightsOf = template => template.dataset.rights.split(' ').filter(Boolean);
  function markTemplate(form) { // "changed" on the chosen template's card
    const template = form && $('input[data-rights]:checked', form);
    if (form) all('[data-tpl-changed]', form).forEach(el => { el.hidden = true; });
    const mark = template && $('[data-tpl-changed]', template.closest('.tpl'));
    if (mark) mark.hidden = all('input[name=right]', form).every(box => box.checked === rightsOf(template).includes(box.value));
  }
  on('click', e => { // click, not change: choosing the chosen one again goes back to the template
    const template = near(e, 'input[data-rights]');
    if (!template) return;
    all('input[name=right]:enabled', template.form).forEach(box => { box.checked = rightsOf(template).includes(box.value); });
    markTemplate(template.form);
    count(template.form);
  });

  const paint = () => all('input[data-all]').forEach(box => reflect(box, rowsNear(box)));

  // --- A choice that applies at once; by keyboard when one leaves it or presses Enter, as each key is a change
  let byKey;
  const isAuto = el => el.matches('select[data-auto]');
  on('keydown', e => {
    if (!isAuto(e.target)) return;
    if (e.key === 'Enter' && byKey === 'changed') { e.preventDefault(); byKey = ''; e.target.form.requestSubmit(); }
    else if (e.key !== 'Enter' && e.key !== 'Tab') byKey ||= 'pressed';
  });
  on('pointerdown', e => { if (isAuto(e.target)) byKey = ''; });
  on('focusout', e => { if (isAuto(e.target) && byKey === 'changed') e.target.form.requestSubmit(); byKey = ''; });

  // --- Every change
  on('change', e => {
    const el = e.target;
    if (isAuto(el)) { if (byKey) byKey = 'changed'; else el.form.requestSubmit(); }
    if (el.name === 'right') { tickRead(el); markTemplate(el.form); }
    paint();
    count(el.form);
  });

  // --- Show and hide a password: <button type="button" data-reveal="input-id">Show</button>
  on('click', e => {
    const button = near(e, '[data-reveal]');
    if (!button) return;
    const field = doc.getElementById(button.dataset.reveal), show = field.type === 'password';
    field.type = show ? 'text' : 'password';
    button.textContent = show ? 'Hide' : 'Show';
    button.setAttribute('aria-label', `${button.textContent} password`);
  });

  // --- Toasts: one at a time; gone after 8 s unless looked at; one with something to do stays
  const fade = (toast, ms) => setTimeout(() => {
    if (toast.matches(':hover, :focus-within')) fade(toast, 2000); else toast.remove();
  }, ms);
  function keepToast() {
    const toasts = all('#toasts > .toast'), toast = toasts.pop();
    toasts.forEach(old => old.remove());
    if (!toast || toast.dataset.seen) return;
    toast.dataset.seen = 'true';
    if (!$('a, button:not([data-close])', toast)) fade(toast, 8000);
  }
  function showToast(text, act, run) {
    const toast = doc.createElement('div');
    const add = (tag, words, more) => toast.append(Object.assign(doc.createElement(tag), { textContent: words, ...more }));
    toast.className = 'toast bad';
    add('div', text);
    if (act) add('button', act, { className: 'txt', type: 'button', onclick: () => { toast.remove(); run(); } });
    add('button', 'Close', { className: 'txt', type: 'button' });
    toast.lastChild.dataset.close = '';
    $('#toasts')?.append(toast);
    keepToast();
  }
  on('click', e => near(e, '[data-close]')?.closest('.toast').remove());

  // --- Focus the error summary, else the heading of the result. Once each.
  const seen = new WeakSet();
  function focusMessage() {
    const el = $('dialog[open] .errsum') || $('.errsum') || $('.result-note h2');
    if (!el || seen.has(el)) return;
    seen.add(el);
    if (el.closest('dialog') && !doc.title.startsWith('Error: ')) doc.title = `Error: ${doc.title}`;
    focus(el);
  }

  // --- The browser's time zone, learned once
  function learnZone() {
    const zone = root.dataset.tz === 'learn' && Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) doc.cookie = `tz=${zone}; path=/; SameSite=Lax; max-age=31536000`;
  }

  // --- htmx 4: requests, failures, swaps
  on('htmx:before:request', e => {
    const ctx = e.detail.ctx;
    ctx.slow = setTimeout(() => ctx.target?.setAttribute?.('aria-busy', 'true'), 400);
  });
  on('htmx:finally:request', e => {
    const ctx = e.detail.ctx;
    clearTimeout(ctx.slow);
    if (ctx.keepIndicators) return; // HX-Redirect: about to leave, stay busy
    if (ctx.response?.status === 401 && ctx.text) return signInInstead(ctx.text);
    ctx.target?.removeAttribute?.('aria-busy');
    sent(ctx.request.form || ctx.sourceElement);
    if (ctx.response?.status >= 500 && !ctx.text?.includes('toast')) showToast('Something failed on our side. Nothing was saved.');
  });
  function signInInstead(page) { // the session has ended: the answer is a whole page, with what was sent inside
    all('form[data-guard]').forEach(form => form.removeAttribute('data-guard'));
    doc.open();
    doc.write(page);
    doc.close();
  }
  on('htmx:error', e => { // no answer; Retry reads the form afresh
    const ctx = e.detail.ctx;
    if (!ctx || ctx.response) return;
    showToast('No connection. Your entries are still here.', 'Retry', () =>
      htmx.ajax(ctx.request.method, ctx.request.action, { source: ctx.sourceElement, event: ctx.sourceEvent }));
  });
  on('htmx:after:swap', e => { openDialogs(e.detail.ctx); ready(); announce(); });

  function ready() { // after load and after each swap
    all('form').forEach(form => { form.noValidate = true; count(form); }); // our messages only
    paint();
    keepToast();
    focusMessage();
  }
  learnZone();
  ready();
})();
