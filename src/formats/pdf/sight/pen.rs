//! The state of a page while its operators are followed: where things lie, in which colour, how much shines through.

use hayro_syntax::object::{Dict, Name, Object};

/// A transformation. [ISO 32000-2 8.3.4]
#[derive(Clone, Copy)]
pub(super) struct Matrix(pub(super) [f64; 6]);

impl Matrix {
    const SAME: Matrix = Matrix([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// This one first, then the other.
    pub(super) fn then(self, next: Matrix) -> Matrix {
        let ([a, b, c, d, e, f], [g, h, i, j, k, l]) = (self.0, next.0);
        Matrix([a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l])
    }

    fn point(self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }

    /// Whether the sides of a rectangle stay parallel to those of the page.
    fn is_straight(self) -> bool {
        let [a, b, c, d, ..] = self.0;
        let none = |v: f64| v.abs() < 1e-6;
        none(b) && none(c) || none(a) && none(d)
    }
}

/// A rectangle on the page.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) x0: f64,
    pub(super) y0: f64,
    pub(super) x1: f64,
    pub(super) y1: f64,
}

impl Area {
    /// What both share.
    pub(super) fn meet(self, other: Area) -> Area {
        Area { x0: self.x0.max(other.x0), y0: self.y0.max(other.y0), x1: self.x1.min(other.x1), y1: self.y1.min(other.y1) }
    }

    /// Whether a point lies in it, so far from its sides at least.
    pub(super) fn holds(self, x: f64, y: f64, margin: f64) -> bool {
        x >= self.x0 + margin && x <= self.x1 - margin && y >= self.y0 + margin && y <= self.y1 - margin
    }
}

/// A colour, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// White.
    White,
    /// Another colour.
    Some,
    /// A pattern or an ink that is not known.
    Other,
}

impl Ink {
    pub(super) fn gray(v: f64) -> Ink {
        if v >= 0.999 { Ink::White } else { Ink::Some }
    }

    pub(super) fn rgb(r: f64, g: f64, b: f64) -> Ink {
        Ink::gray(r.min(g).min(b))
    }

    pub(super) fn cmyk(c: f64, m: f64, y: f64, k: f64) -> Ink {
        Ink::gray(1.0 - c.max(m).max(y).max(k))
    }
}

/// A path in the making: what it spans, and whether it is one upright rectangle.
#[derive(Default)]
pub(super) struct Path {
    bounds: Option<Area>,
    crooked: bool,
    corners: Vec<(f64, f64)>,
    pub(super) clips: bool,
}

impl Path {
    /// A rectangle under a transformation.
    pub(super) fn of(ctm: Matrix, area: Area) -> Path {
        let mut path = Path::default();
        path.rectangle(ctm, area.x0, area.y0, area.x1 - area.x0, area.y1 - area.y0);
        path
    }

    fn take(&mut self, (x, y): (f64, f64)) {
        let at = Area { x0: x, y0: y, x1: x, y1: y };
        self.bounds =
            Some(self.bounds.map_or(at, |b| Area { x0: b.x0.min(x), y0: b.y0.min(y), x1: b.x1.max(x), y1: b.y1.max(y) }));
    }

    pub(super) fn rectangle(&mut self, ctm: Matrix, x: f64, y: f64, w: f64, h: f64) {
        // Several rectangles are more than their bounds.
        self.crooked |= self.bounds.is_some() || !ctm.is_straight();
        for (x, y) in [(x, y), (x + w, y), (x + w, y + h), (x, y + h)] {
            self.take(ctm.point(x, y));
        }
    }

    pub(super) fn start(&mut self, ctm: Matrix, x: f64, y: f64) {
        self.crooked |= self.bounds.is_some();
        self.line(ctm, x, y);
    }

    pub(super) fn line(&mut self, ctm: Matrix, x: f64, y: f64) {
        let point = ctm.point(x, y);
        self.corners.push(point);
        self.crooked |= self.corners.len() > 5;
        self.take(point);
    }

    pub(super) fn curve(&mut self, ctm: Matrix, points: &[(f64, f64)]) {
        self.crooked = true;
        points.iter().for_each(|(x, y)| self.take(ctm.point(*x, *y)));
    }

    /// What it spans.
    pub(super) fn area(&self) -> Option<Area> {
        self.bounds
    }

    /// Whether it is one upright rectangle.
    pub(super) fn is_straight(&self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < 0.01;
        let upright = self.corners.windows(2).all(|w| near(w[0].0, w[1].0) || near(w[0].1, w[1].1));
        !self.crooked && upright && (self.corners.is_empty() || self.corners.len() >= 4)
    }
}

/// The graphics state and that of text. [ISO 32000-2 8.4, 9.3]
#[derive(Clone)]
pub(super) struct State {
    pub(super) ctm: Matrix,
    pub(super) clip: Area,
    exact: bool,
    pub(super) ink: Ink,
    pub(super) plain: bool,
    /// By constant alpha, by soft mask, by blend mode.
    opaque: [bool; 3],
    pub(super) size: f64,
    pub(super) leading: f64,
    pub(super) invisible: bool,
    text: Matrix,
    line: Matrix,
    placed: bool,
}

impl State {
    pub(super) fn new(clip: Area) -> State {
        State {
            ctm: Matrix::SAME,
            clip,
            exact: true,
            ink: Ink::Some,
            plain: true,
            opaque: [true; 3],
            size: 0.0,
            leading: 0.0,
            invisible: false,
            text: Matrix::SAME,
            line: Matrix::SAME,
            placed: false,
        }
    }

    /// Whether what is painted now hides what lies beneath.
    pub(super) fn covers(&self) -> bool {
        self.opaque == [true; 3] && self.exact
    }

    /// Ends a path, which may have been one to clip to.
    pub(super) fn end(&mut self, path: &mut Path) {
        if path.clips {
            self.clip_to(path);
        }
        *path = Path::default();
    }

    pub(super) fn clip_to(&mut self, path: &Path) {
        self.exact &= path.is_straight();
        if let Some(area) = path.area() {
            self.clip = self.clip.meet(area);
        }
    }

    /// Takes over what a dictionary of the graphics state says of what shines through. [8.4.5]
    pub(super) fn set(&mut self, settings: &Dict) {
        let (alpha, mask) = (settings.get::<f32>("ca"), settings.get::<Object>("SMask"));
        let blend = settings.get::<Name>("BM").map(|n| matches!(n.as_ref(), b"Normal" | b"Compatible"));
        let none = |mask: &Object| matches!(mask, Object::Name(n) if n.as_ref() == b"None");
        for (state, said) in self.opaque.iter_mut().zip([alpha.map(|a| a >= 1.0), mask.as_ref().map(none), blend]) {
            *state = said.unwrap_or(*state);
        }
    }

    pub(super) fn begin_text(&mut self) {
        self.set_text(Matrix::SAME);
    }

    pub(super) fn set_text(&mut self, matrix: Matrix) {
        (self.text, self.line, self.placed) = (matrix, matrix, true);
    }

    pub(super) fn move_text(&mut self, x: f64, y: f64) {
        self.set_text(Matrix([1.0, 0.0, 0.0, 1.0, x, y]).then(self.line));
    }

    pub(super) fn next_line(&mut self) {
        self.move_text(0.0, -self.leading);
    }

    /// Where the first letter stands that is written now, and how large it is; `None` where it follows others whose widths
    /// nobody measured.
    pub(super) fn mark(&mut self) -> Option<((f64, f64), f64)> {
        if !std::mem::take(&mut self.placed) {
            return None;
        }
        let all = self.text.then(self.ctm);
        let (x0, y0) = all.point(0.0, 0.0);
        let (x1, y1) = all.point(0.0, self.size);
        let size = (x1 - x0).hypot(y1 - y0);
        let middle = all.point(self.size * 0.25, self.size * 0.3);
        Some((middle, size))
    }
}
