"use strict";
// Shows an operation's events as they come; when it has ended, the page is loaded once more.
const live = document.getElementById("live");
const bar = live.querySelector("progress");
const now = document.getElementById("now");
const steps = document.getElementById("steps");
const source = new EventSource(live.dataset.events);
// Of an operation that another daemon carries out no events come: then the page is loaded now and then.
const silence = () => setTimeout(() => location.reload(), 15000);
let timer = silence();

source.onmessage = ({ data }) => {
  const event = JSON.parse(data);
  clearTimeout(timer);
  timer = silence();
  if (event.kind === "ended") {
    source.close();
    location.reload();
  } else if (event.kind === "step") {
    bar.max = event.of;
    bar.value = event.done;
    now.textContent = `${event.done} of ${event.of}: ${event.text}`;
    const step = document.createElement("li");
    step.textContent = event.text;
    steps.prepend(step);
  }
};
