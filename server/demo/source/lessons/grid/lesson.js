// يربط عناصر التحكم بالشبكة ويعرض الشيفرة المقابلة
const [dir, cols, gap, grid, code] = ['dir', 'cols', 'gap', 'grid', 'code'].map((id) => document.getElementById(id));

function draw() {
  grid.dir = dir.value;
  grid.style.gridTemplateColumns = `repeat(${cols.value}, 1fr)`;
  grid.style.gap = `${gap.value}px`;
  code.textContent = `.grid {\n  display: grid;\n  direction: ${dir.value};  /* من الجذر: <html dir> */\n  grid-template-columns: repeat(${cols.value}, 1fr);\n  gap: ${gap.value}px;\n}`;
}

for (const control of [dir, cols, gap]) control.addEventListener('input', draw);
draw();
