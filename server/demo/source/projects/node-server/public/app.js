const list = document.querySelector('#list');
const status = document.querySelector('#status');

async function call(path, options) {
  const answer = await fetch(path, options);
  const body = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

async function refresh() {
  const notes = await call('/api/notes');
  list.replaceChildren(...notes.map((note) => {
    const item = document.createElement('li');
    const text = document.createElement('span');
    text.textContent = note.text; // textContent لا innerHTML: النص لا يصير وسومًا
    text.dir = 'auto';
    const remove = document.createElement('button');
    remove.textContent = 'حذف';
    remove.addEventListener('click', () => call(`/api/notes/${note.id}`, { method: 'DELETE' }).then(refresh, show));
    item.append(text, remove);
    return item;
  }));
  status.textContent = notes.length ? '' : 'لا ملاحظات بعد.';
}

function show(error) {
  status.textContent = error.message;
}

document.querySelector('#form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const input = document.querySelector('#text');
  try {
    await call('/api/notes', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ text: input.value }),
    });
    input.value = '';
    await refresh();
  } catch (error) {
    show(error);
  }
});

refresh().catch(show);
