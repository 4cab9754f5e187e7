// What pages do better with a script, and do without it all the same: typed text is kept while it is typed, places are
// offered by name, and news are told as they come. Words come from the page or with the answers.
"use strict";

/** Milliseconds after the last key until what is typed is kept. */
const REST = 2000;
/** Milliseconds until what could not be kept is tried again. */
const AGAIN = 10000;
/** Milliseconds that saving waits for a draft that is on its way. */
const PATIENCE = 3000;
/** Milliseconds after the last key until places are asked for. */
const SHORT_REST = 150;
/** Milliseconds in which many events are taken for one. */
const GATHER = 300;
/** Bytes that browsers still send while a page goes away (Fetch, "keepalive"). */
const LAST_WORD = 60000;

const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Keeps what is typed into a form. */
function keepDrafts(form) {
  const line = form.querySelector("[data-kept]");
  const elsewhere = form.querySelector("[data-elsewhere]");
  const open = form.elements.namedItem("draft");
  let timer = 0;
  let typed = false;
  let sending = null;
  let leaving = false;

  const later = (time) => {
    clearTimeout(timer);
    timer = setTimeout(() => keep(), time);
  };

  async function send() {
    const body = new URLSearchParams(new FormData(form)).toString();
    const answer = await fetch(`/drafts?${new URLSearchParams({ form: form.dataset.draft })}`, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body,
      keepalive: body.length < LAST_WORD,
      redirect: "manual",
    });
    const told = (answer.headers.get("Content-Type") ?? "").startsWith("application/json") ? await answer.json() : {};
    line.textContent = told.line ?? line.dataset.unkept;
    if (told.draft) {
      open.value = told.draft;
    }
    if (told.elsewhere) {
      elsewhere.textContent = told.elsewhere;
    }
    // What is too long now is no shorter in ten seconds.
    return answer.ok || answer.status === 413;
  }

  // With `last` what is typed goes out even while an earlier text is on its way: the page may be about to vanish.
  function keep(last = false) {
    clearTimeout(timer);
    if (!typed || leaving || (sending && !last)) {
      return;
    }
    typed = false;
    const one = send()
      .catch(() => {
        line.textContent = line.dataset.unkept;
        return false;
      })
      .then((kept) => {
        if (sending === one) {
          sending = null;
        }
        typed ||= !kept;
        if (typed) {
          later(kept ? REST : AGAIN);
        }
      });
    sending = one;
  }

  form.addEventListener("input", () => {
    typed = true;
    leaving = false;
    later(REST);
  });
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    if (leaving || !sending) {
      leaving = true;
      return;
    }
    // A draft that arrived after the form was saved would be offered for nothing.
    event.preventDefault();
    const { submitter } = event;
    await Promise.race([sending, wait(PATIENCE)]);
    leaving = true;
    form.requestSubmit(submitter);
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keep(true));
  addEventListener("pagehide", () => keep(true));
  addEventListener("pageshow", () => {
    leaving = false;
  });
}

/** Offers places by name in every input that asks for one. */
function offerPlaces(list) {
  let timer = 0;
  let asked = "";

  async function offer(text) {
    const answer = await fetch(`/places?${new URLSearchParams({ q: text })}`, { redirect: "manual" });
    if (!answer.ok || text !== asked) {
      return;
    }
    const names = await answer.json();
    const isLike = (name) => name.toLowerCase().includes(text.toLowerCase());
    list.replaceChildren(
      ...names.map((name) => {
        const option = document.createElement("option");
        option.value = name;
        // Browsers show only what holds the letters as they were typed.
        if (!isLike(name)) {
          option.label = `${text} → ${name}`;
        }
        return option;
      }),
    );
  }

  document.addEventListener("input", ({ target }) => {
    if (target.getAttribute("list") !== list.id) {
      return;
    }
    clearTimeout(timer);
    asked = target.value.trim();
    if (asked) {
      // Without an answer nothing is offered, and typing goes on.
      timer = setTimeout(() => offer(asked).catch(() => {}), SHORT_REST);
    }
  });
}

/** Tells of news in a line, and keeps the list of who has a record up to date. */
function followNews(news, receipts) {
  let stream = null;
  let last = "";
  let timer = 0;

  async function refresh() {
    const answer = await fetch(receipts.dataset.receipts, { redirect: "manual" });
    if (!answer.ok) {
      return;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ul");
    if (fresh && fresh.innerHTML !== receipts.innerHTML) {
      receipts.replaceChildren(...fresh.children);
    }
  }

  function refreshSoon() {
    if (receipts && !timer) {
      timer = setTimeout(() => {
        timer = 0;
        // The next event asks again.
        refresh().catch(() => {});
      }, GATHER);
    }
  }

  function open() {
    if (stream || document.visibilityState === "hidden") {
      return;
    }
    stream = new EventSource(last ? `/live?${new URLSearchParams({ since: last })}` : "/live");
    const note = (event) => {
      last = event.lastEventId || last;
    };
    stream.addEventListener("here", (event) => {
      note(event);
      refreshSoon();
    });
    stream.addEventListener("peers", refreshSoon);
    stream.addEventListener("record", (event) => {
      note(event);
      const about = news.dataset.news;
      if (!about || JSON.parse(event.data).id === about) {
        news.firstElementChild.hidden = false;
        refreshSoon();
      }
    });
  }

  // A browser has few connections to one node: pages that nobody looks at leave theirs to others.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") {
      stream?.close();
      stream = null;
    } else {
      open();
    }
  });
  addEventListener("pagehide", () => {
    stream?.close();
    stream = null;
  });
  addEventListener("pageshow", open);
  open();
}

const form = document.querySelector("form[data-draft]");
const places = document.getElementById("places");
const news = document.querySelector("[data-news]");
if (form) {
  keepDrafts(form);
}
if (places) {
  offerPlaces(places);
}
if (news) {
  followNews(news, document.querySelector("[data-receipts]"));
}
