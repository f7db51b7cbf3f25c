document.querySelector("button").addEventListener("click", () => print());
addEventListener("load", () => document.fonts.ready.then(() => print()));
