//! What a spectator sees: the story line by line, and beneath it, on a terminal, how the offices stand right now.

use std::{
    io::{self, IsTerminal, Stdout, Write},
    time::Instant,
};

use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    layout::Constraint,
    style::{Color, Modifier, Style},
    text::{Line, Span, Text},
    widgets::{Block, Borders, Cell, Paragraph, Row, Table, Widget},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Duration, MissedTickBehavior, interval},
};

use super::{
    office::OFFICES,
    watch::{Scene, Standing},
};
use crate::cli::{ago, table};

/// How often the table is drawn anew, for its times.
const REDRAW: Duration = Duration::from_millis(500);
/// Rows of the live table: frame, links, heads, three offices.
const HEIGHT: u16 = 7;

/// Where the story is told.
pub(super) struct Screen {
    lines: Option<mpsc::Sender<Said>>,
    closed: tokio::sync::Mutex<Option<oneshot::Receiver<()>>>,
    begun: Instant,
}

enum Said {
    /// Text that stays.
    Text(String),
    /// The end.
    Close,
}

impl Screen {
    /// `live`: with a table that is drawn anew, if standard output is a terminal. `silent`: nothing at all.
    pub(super) fn open(live: bool, silent: bool, scenes: watch::Receiver<Scene>) -> Self {
        let begun = Instant::now();
        if silent {
            return Screen { lines: None, closed: tokio::sync::Mutex::new(None), begun };
        }
        let stage = if live && io::stdout().is_terminal() { Drawn::start() } else { None };
        let (lines, inbox) = mpsc::channel(64);
        let (done, closed) = oneshot::channel();
        tokio::spawn(async move {
            tell(inbox, scenes, stage).await;
            // Nobody waits for the end.
            let _ = done.send(());
        });
        Screen { lines: Some(lines), closed: tokio::sync::Mutex::new(Some(closed)), begun }
    }

    /// One step of the story.
    pub(super) async fn step(&self, text: &str) {
        self.say(&format!("{:>5.1} s  {text}", self.begun.elapsed().as_secs_f64())).await;
    }

    /// Text as it is.
    pub(super) async fn say(&self, text: &str) {
        if let Some(lines) = &self.lines {
            // The screen has been closed: nobody looks any more.
            let _ = lines.send(Said::Text(text.to_owned())).await;
        }
    }

    /// Leaves the terminal as it was found, below what was said.
    pub(super) async fn close(&self) {
        if let (Some(lines), Some(closed)) = (&self.lines, self.closed.lock().await.take()) {
            let _ = lines.send(Said::Close).await;
            // An error means that it is closed already.
            let _ = closed.await;
        }
    }
}

async fn tell(mut inbox: mpsc::Receiver<Said>, mut scenes: watch::Receiver<Scene>, mut drawn: Option<Drawn>) {
    let mut redraw = interval(REDRAW);
    redraw.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let said = tokio::select! {
            said = inbox.recv() => said,
            _ = redraw.tick() => { draw(&mut drawn, &scenes.borrow()); continue }
            changed = scenes.changed() => match changed {
                Ok(()) => { draw(&mut drawn, &scenes.borrow()); continue }
                // The watch has ended; the story may still be told.
                Err(_) => inbox.recv().await,
            },
        };
        match said {
            Some(Said::Text(text)) => {
                let scene = scenes.borrow().clone();
                match &mut drawn {
                    Some(live) => {
                        if live.say(&text).is_err() {
                            drawn = None;
                        }
                    }
                    None => print(&format!("{text}\n")),
                }
                draw(&mut drawn, &scene);
            }
            Some(Said::Close) | None => break,
        }
    }
    match drawn {
        Some(live) => live.leave(),
        None => print(&format!("{}\n", as_text(&scenes.borrow()))),
    }
}

fn draw(drawn: &mut Option<Drawn>, scene: &Scene) {
    // A terminal that cannot be drawn on any more still takes lines.
    if drawn.as_mut().is_some_and(|live| live.draw(scene).is_err()) {
        *drawn = None;
    }
}

fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    // Nobody reads it any more; what happens goes on.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// The table on a terminal, drawn in place below the story.
struct Drawn(Terminal<CrosstermBackend<Stdout>>);

impl Drawn {
    /// `None` where the terminal does not answer as one should.
    fn start() -> Option<Self> {
        let options = TerminalOptions { viewport: Viewport::Inline(HEIGHT) };
        Terminal::with_options(CrosstermBackend::new(io::stdout()), options).ok().map(Drawn)
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        let width = usize::from(self.0.size()?.width);
        let text = crate::cli::folded(text, width);
        let lines: Vec<Line<'_>> = text.lines().map(Line::raw).collect();
        let height = u16::try_from(lines.len().max(1)).unwrap_or(u16::MAX);
        self.0.insert_before(height, |buffer| Paragraph::new(Text::from(lines)).render(buffer.area, buffer))
    }

    fn draw(&mut self, scene: &Scene) -> io::Result<()> {
        self.0.draw(|frame| frame.render_widget(live_table(scene), frame.area())).map(drop)
    }

    fn leave(mut self) {
        // The table stays as it last was; what the shell writes next comes below it. A terminal that takes no orders
        // any more is left as it is.
        let last = self.0.get_frame().area().bottom().saturating_sub(1);
        let _ = self.0.set_cursor_position((0, last)).and_then(|()| self.0.show_cursor());
        print("\n");
    }
}

const HEADS: [&str; 7] = ["Office", "Node", "Holds", "Lacks", "Cons/confl/proj/rec", "Last heard, of", "Digest"];
/// Columns of the live table: it fits an old terminal's eighty.
const WIDTHS: [Constraint; 7] = [
    Constraint::Length(6),
    Constraint::Length(4),
    Constraint::Length(5),
    Constraint::Length(5),
    Constraint::Length(19),
    Constraint::Length(27),
    Constraint::Max(8),
];

fn live_table(scene: &Scene) -> Table<'static> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let rows = OFFICES.iter().zip(&scene.offices).enumerate().map(|(at, (place, office))| {
        let cells = cells(at, place.name, office);
        let style = match (office.up, office.lacks) {
            (false, _) => Style::new().fg(Color::Red),
            (true, 0) => Style::new().fg(Color::Green),
            (true, _) => Style::new().fg(Color::Yellow),
        };
        Row::new(cells.map(Cell::from)).style(style)
    });
    Table::new(rows.collect::<Vec<_>>(), WIDTHS)
        .header(Row::new(HEADS).style(bold))
        .column_spacing(1)
        .block(Block::new().borders(Borders::TOP | Borders::BOTTOM).title(links(scene)))
}

/// `Kidal ━━━━ Gao ╌╌ cut ╌╌ Bamako`.
fn links(scene: &Scene) -> Line<'static> {
    let mut spans = vec![Span::raw(format!(" {} ", OFFICES[0].name))];
    for (up, place) in scene.links.iter().zip(&OFFICES[1..]) {
        spans.push(match up {
            true => Span::styled("━━━━━━━", Style::new().fg(Color::Green)),
            false => Span::styled("╌ cut ╌", Style::new().fg(Color::Red)),
        });
        spans.push(Span::raw(format!(" {} ", place.name)));
    }
    Line::from(spans)
}

fn cells(at: usize, name: &str, office: &Standing) -> [String; 7] {
    let counts = office.counts;
    let others = OFFICES.iter().zip(&office.heard).enumerate().filter(|(other, _)| *other != at);
    let heard = others.map(|(_, (place, heard))| {
        let heard = heard.as_ref().map(|at| serde_json::Value::from(at.as_str()));
        format!("{} {}", place.name, ago(heard.as_ref()).trim_end_matches(" ago"))
    });
    [
        name.to_owned(),
        if office.up { "up" } else { "down" }.to_owned(),
        office.holds.to_string(),
        office.lacks.to_string(),
        format!("{} / {} / {} / {}", counts.consultations, counts.conflicts, counts.projects, counts.recommendations),
        heard.collect::<Vec<_>>().join(", "),
        office.digest.get(..8).unwrap_or_default().to_owned(),
    ]
}

/// The same table as lines.
fn as_text(scene: &Scene) -> String {
    let mut table = table(&HEADS);
    for (at, (place, office)) in OFFICES.iter().zip(&scene.offices).enumerate() {
        table.add_row(cells(at, place.name, office));
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_office_that_is_down_and_lacks_something_is_seen_at_a_glance() {
        let mut scene = Scene::default();
        scene.offices[1] = Standing { up: false, holds: 12, lacks: 3, ..Standing::default() };
        let text = as_text(&scene);
        let gao = text.lines().find(|line| line.trim_start().starts_with("Gao")).expect("a row");
        assert!(gao.contains("down") && gao.contains("12") && gao.contains('3'), "{gao}");
        assert!(text.contains("Kidal never, Bamako never"), "{text}");
    }
}
