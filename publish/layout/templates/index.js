(function () {
  "use strict";
  var form = document.querySelector(".find");
  if (!form) return;
  var words = form.querySelector("input"), choices = form.querySelectorAll("select");
  var count = form.querySelector("output"), nothing = document.querySelector(".nothing");
  var items = Array.prototype.slice.call(document.querySelectorAll("[data-item]"));
  var groups = Array.prototype.slice.call(document.querySelectorAll("[data-group]")).reverse();
  var folded = Array.prototype.slice.call(document.querySelectorAll(".branches details"));
  function plain(text) {
    return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }
  var texts = items.map(function (item) { return plain(item.textContent + " " + item.dataset.title); });
  function show() {
    var wanted = plain(words.value).split(/\s+/).filter(Boolean), shown = 0;
    items.forEach(function (item, place) {
      var fits = wanted.every(function (word) { return texts[place].indexOf(word) >= 0; }) &&
        (!choices[0].value || item.dataset.audiences.indexOf("|" + choices[0].value + "|") >= 0) &&
        (!choices[1].value || item.dataset.title === choices[1].value);
      item.hidden = !fits;
      if (fits) shown += 1;
    });
    groups.forEach(function (group) { group.hidden = !group.querySelector("[data-item]:not([hidden])"); });
    var isSearching = wanted.length > 0 || choices[0].value || choices[1].value;
    folded.forEach(function (details) {
      if (isSearching && details.querySelector("[data-item]:not([hidden])")) details.open = true;
    });
    nothing.hidden = shown > 0;
    count.textContent = shown === 1 ? "1 report" : shown + " reports";
  }
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  show();
})();
