// يرسم النبضة ومتوسطها من قيمتي المزلاجين
const get = (id) => document.getElementById(id);

function draw() {
  const value = Number(get('duty').value);
  const count = Number(get('freq').value);
  const ratio = value / 255;
  const period = 600 / count;
  let d = 'M20 140';
  for (let i = 0; i < count; i++) {
    const x = 20 + i * period;
    if (ratio > 0) d += `L${x} 140V30H${x + period * ratio}`;
    if (ratio < 1) d += `V140H${x + period}`;
  }
  get('wave').setAttribute('d', d);
  const y = 140 - 110 * ratio;
  get('mean').setAttribute('d', `M20 ${y}H620`);
  get('value').textContent = value;
  get('percent').textContent = `${Math.round(ratio * 100)}%`;
  get('volt').textContent = `${(5 * ratio).toFixed(2)} V`;
}

for (const id of ['duty', 'freq']) get(id).addEventListener('input', draw);
draw();
