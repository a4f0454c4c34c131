// Conveniences only: every page works without this file.
'use strict';

for (const button of document.querySelectorAll('button[data-copies]')) {
  const source = document.getElementById(button.dataset.copies);
  if (!source || !navigator.clipboard) continue;
  const label = [...button.childNodes];
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Press Ctrl+C';
      getSelection().selectAllChildren(source);
    }
    setTimeout(() => { button.replaceChildren(...label); }, 2000);
  });
}

// The link that the server printed carries the setup token after the #, which browsers do not send; it is removed from the address at once.
if (location.hash.startsWith('#token=')) {
  const field = document.getElementById('field-setup_token');
  if (field && !field.value) {
    field.value = location.hash.slice('#token='.length);
    document.getElementById('field-email').focus();
  }
  history.replaceState(null, '', location.pathname + location.search);
}

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener('submit', () => {
    setTimeout(() => { for (const button of form.querySelectorAll('button')) button.disabled = true; });
  });
}

// When the browser shows the page again from its cache, the buttons work again.
addEventListener('pageshow', event => {
  if (event.persisted) for (const button of document.querySelectorAll('button')) button.disabled = false;
});
