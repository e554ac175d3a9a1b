"use strict";
// Shows an operation's events as they come; when it has ended, the page is loaded once more.
const live = document.getElementById("live");
const bar = live.querySelector("progress");
const now = document.getElementById("now");
const steps = document.getElementById("steps");
const source = new EventSource(live.dataset.events);

source.onmessage = ({ data }) => {
  const event = JSON.parse(data);
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
