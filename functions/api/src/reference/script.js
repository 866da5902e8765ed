(function () {
  "use strict";
  var all = function (selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  };
  // Where this page comes from is where the API is.
  all(".origin").forEach(function (place) { place.textContent = location.origin; });

  var menu = document.getElementById("menu"), wide = matchMedia("(min-width: 60rem)");
  function fold() { menu.open = wide.matches; }
  fold();
  wide.addEventListener("change", fold);
  all("a", menu).forEach(function (link) {
    link.addEventListener("click", function () { if (!wide.matches) { menu.open = false; } });
  });

  var input = document.getElementById("search"), said = document.getElementById("found");
  var operations = all("main .operation");
  var texts = operations.map(function (one) { return one.dataset.words.toLowerCase() + " " + one.textContent.toLowerCase(); });
  function look() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean), found = 0;
    operations.forEach(function (one, at) {
      var fits = words.every(function (word) { return texts[at].indexOf(word) >= 0; });
      one.hidden = !fits;
      found += fits ? 1 : 0;
      all('#menu a[href="#' + one.id + '"]').forEach(function (link) { link.parentNode.hidden = !fits; });
    });
    all("[data-group]").forEach(function (group) {
      group.hidden = !group.querySelector(".operation:not([hidden]), li:not([hidden])");
    });
    all("[data-always]").forEach(function (part) { part.hidden = words.length > 0; });
    said.textContent = words.length ? found + " of " + operations.length + " operations" : "";
  }
  input.addEventListener("input", look);
  document.addEventListener("keydown", function (event) {
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      menu.open = true;
      input.focus();
    } else if (event.key === "Escape" && document.activeElement === input) {
      input.value = "";
      look();
    }
  });

  all(".curl").forEach(function (block) {
    if (!navigator.clipboard) { return; }
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(block.querySelector("code").textContent).then(function () {
        button.textContent = "Copied";
        setTimeout(function () { button.textContent = "Copy"; }, 1500);
      });
    });
    block.appendChild(button);
  });
  look();
})();
