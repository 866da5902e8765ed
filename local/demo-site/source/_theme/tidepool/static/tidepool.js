// A copy button on every code block; without the clipboard (plain http on another host) there is none.
if (navigator.clipboard) {
  for (const block of document.querySelectorAll(".highlight")) {
    const button = document.createElement("button");
    button.className = "copy";
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      // Prompts are decoration: a reader who copies a command wants to paste and run it.
      const text = block.querySelector("pre").innerText.replace(/^\$ /gm, "");
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    block.append(button);
  }
}
