// Comforts only: every page works without this file.
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

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener('submit', () => {
    setTimeout(() => { for (const button of form.querySelectorAll('button')) button.disabled = true; });
  });
}

// Back from the browser's memory of pages, the buttons work again.
addEventListener('pageshow', event => {
  if (event.persisted) for (const button of document.querySelectorAll('button')) button.disabled = false;
});
