//! What a person might take for removed: text under opaque boxes and pictures, white text on nothing, text beside the page.
//! The operators of each page are followed as far as it takes to know where text begins, what is painted over it, and in
//! which colour it stands. Nothing is removed for it, since nobody but the author knows what was meant. Widths of letters,
//! blending and clipping along curves are not followed: what depends on them is passed over. [ISO 32000-2 8.4, 8.5, 9.4]

mod pen;

use hayro_syntax::Pdf;
use hayro_syntax::content::UntypedIter;
use hayro_syntax::object::{Array, Dict, Name, Object, Rect, Stream};
use hayro_syntax::page::{Page, Resources};

use pen::{Area, Ink, Matrix, Path, State};

/// How many operators of one document are followed, and how often a letter is held against a box.
const MOST: usize = 20_000_000;
/// How deep forms in forms are followed.
const DEEPEST: usize = 5;
/// How many beginnings of text and how many areas are remembered for one page.
const MARKS: usize = 50_000;

/// What there is of it in a document, by page.
#[derive(Default)]
pub(super) struct Sight {
    covered: Vec<usize>,
    white: Vec<usize>,
    outside: Vec<usize>,
}

/// Where a text begins.
struct Mark {
    at: (f64, f64),
    size: f64,
    covered: bool,
}

/// One page while it is looked at.
struct Look<'w> {
    marks: Vec<Mark>,
    painted: Vec<Area>,
    white: bool,
    outside: bool,
    page: Area,
    work: &'w mut usize,
}

impl Sight {
    /// Looks at every page.
    pub(super) fn of(pdf: &Pdf) -> Sight {
        let (mut sight, mut work) = (Sight::default(), 0);
        for (i, page) in pdf.pages().iter().enumerate() {
            if work > MOST {
                break;
            }
            let look = Look::at(page, &mut work);
            let (covered, white, outside) = (look.marks.iter().any(|m| m.covered), look.white, look.outside);
            for (there, list) in [(covered, &mut sight.covered), (white, &mut sight.white), (outside, &mut sight.outside)] {
                if there {
                    list.push(i + 1);
                }
            }
        }
        sight
    }

    /// What to say of it.
    pub(super) fn warnings(&self) -> Vec<String> {
        let all = [
            (&self.covered, "there is text under opaque boxes or pictures", "whoever copies the page can still read it"),
            (&self.white, "there is white text on a white page", "whoever copies the page can still read it"),
            (&self.outside, "there is text outside of the page", "programs can still find it"),
        ];
        let say =
            |(pages, what, so): (&Vec<usize>, &str, &str)| (!pages.is_empty()).then(|| format!("{what} ({}): {so}", list(pages)));
        all.into_iter().filter_map(say).collect()
    }
}

/// The first pages of a list.
fn list(pages: &[usize]) -> String {
    const SHOWN: usize = 5;
    let numbers: Vec<String> = pages.iter().take(SHOWN).map(usize::to_string).collect();
    let word = if pages.len() == 1 { "page" } else { "pages" };
    match pages.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{word} {} and {more} more", numbers.join(", ")),
        _ => format!("{word} {}", numbers.join(", ")),
    }
}

fn area(r: Rect) -> Area {
    Area { x0: r.x0.min(r.x1), y0: r.y0.min(r.y1), x1: r.x0.max(r.x1), y1: r.y0.max(r.y1) }
}

impl<'w> Look<'w> {
    fn at(page: &Page, work: &'w mut usize) -> Look<'w> {
        let box_ = area(page.media_box());
        let mut look = Look { marks: Vec::new(), painted: Vec::new(), white: false, outside: false, page: box_, work };
        let start = State::new(box_);
        look.follow(page.page_stream().unwrap_or_default(), page.resources(), start, 0);
        look.annotations(page);
        look
    }

    /// Squares that somebody drew over the page, filled.
    fn annotations(&mut self, page: &Page) {
        let Some(list) = page.raw().get::<Array>("Annots") else { return };
        for annotation in list.iter::<Dict>().take(MARKS) {
            let square = annotation.get::<Name>("Subtype").is_some_and(|n| matches!(n.as_ref(), b"Square" | b"Redact"));
            let filled = annotation.get::<Array>("IC").is_some_and(|c| c.raw_iter().count() > 0);
            let opaque = annotation.get::<f32>("CA").is_none_or(|a| a >= 1.0);
            if let (true, Some(rect)) = (square && filled && opaque, annotation.get::<Rect>("Rect")) {
                self.cover(area(rect));
            }
        }
    }

    /// Follows the operators of a page or a form.
    fn follow(&mut self, code: &[u8], resources: &Resources, start: State, depth: usize) {
        let mut state = start;
        let mut stack: Vec<State> = Vec::new();
        let mut path = Path::default();
        let mut operators = UntypedIter::new(code);
        while let Some(op) = operators.next() {
            *self.work += 1;
            if *self.work > MOST {
                return;
            }
            let n: Vec<f64> = op.operands().filter_map(|o| o.clone().into_f32()).map(f64::from).collect();
            let name = || op.operands().filter_map(|o| o.clone().into_name()).last();
            match (&**op.operator, &n[..]) {
                (b"q", _) if stack.len() < 512 => stack.push(state.clone()),
                (b"Q", _) => state = stack.pop().unwrap_or(state),
                (b"cm", &[a, b, c, d, e, f]) => state.ctm = Matrix([a, b, c, d, e, f]).then(state.ctm),
                (b"re", &[x, y, w, h]) => path.rectangle(state.ctm, x, y, w, h),
                (b"m", &[x, y]) => path.start(state.ctm, x, y),
                (b"l", &[x, y]) => path.line(state.ctm, x, y),
                (b"c", &[a, b, c, d, e, f]) => path.curve(state.ctm, &[(a, b), (c, d), (e, f)]),
                (b"v" | b"y", &[a, b, c, d]) => path.curve(state.ctm, &[(a, b), (c, d)]),
                (b"h", _) => {}
                (b"W" | b"W*", _) => path.clips = true,
                (b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*", _) => {
                    self.paint(&state, &path);
                    state.end(&mut path);
                }
                (b"n" | b"S" | b"s", _) => state.end(&mut path),
                (b"sh", _) => self.area(&state, state.clip),
                (b"g", &[v]) => state.ink = Ink::gray(v),
                (b"rg", &[r, g, b]) => state.ink = Ink::rgb(r, g, b),
                (b"k", &[c, m, y, k]) => state.ink = Ink::cmyk(c, m, y, k),
                (b"cs", _) => {
                    state.plain = name().is_some_and(|n| is_plain(&n, resources));
                    state.ink = Ink::Other;
                }
                (b"sc" | b"scn", values) => {
                    state.ink = match (state.plain && name().is_none(), values) {
                        (true, &[v]) => Ink::gray(v),
                        (true, &[r, g, b]) => Ink::rgb(r, g, b),
                        (true, &[c, m, y, k]) => Ink::cmyk(c, m, y, k),
                        _ => Ink::Other,
                    };
                }
                (b"gs", _) => {
                    if let Some(settings) = name().and_then(|n| resources.get_ext_g_state(&n)) {
                        state.set(&settings);
                    }
                }
                (b"BT", _) => state.begin_text(),
                (b"Tf", &[size]) => state.size = size,
                (b"Tr", &[mode]) => state.invisible = mode == 3.0 || mode == 7.0,
                (b"TL", &[leading]) => state.leading = leading,
                (b"Td", &[x, y]) => state.move_text(x, y),
                (b"TD", &[x, y]) => {
                    state.leading = -y;
                    state.move_text(x, y);
                }
                (b"Tm", &[a, b, c, d, e, f]) => state.set_text(Matrix([a, b, c, d, e, f])),
                (b"T*", _) => state.next_line(),
                (b"Tj" | b"TJ", _) if !says(op.operands()) => {}
                (b"Tj" | b"TJ", _) => self.text(&mut state),
                (b"'" | b"\"", _) => {
                    state.next_line();
                    if says(op.operands()) {
                        self.text(&mut state);
                    }
                }
                (b"Do", _) => {
                    if let Some(object) = name().and_then(|n| resources.get_x_object(&n)) {
                        self.object(&object, resources, &state, depth);
                    }
                }
                (b"EI" | b"BI", _) => self.picture(&state, true),
                _ => {}
            }
        }
    }

    fn object(&mut self, object: &Stream, resources: &Resources, state: &State, depth: usize) {
        let dict = object.dict();
        let is = |kind: &[u8]| dict.get::<Name>("Subtype").is_some_and(|n| n.as_ref() == kind);
        if is(b"Image") {
            let whole = ["SMask", "Mask", "ImageMask"].iter().all(|k| !dict.contains_key(k));
            return self.picture(state, whole);
        }
        if !is(b"Form") || depth >= DEEPEST {
            return;
        }
        let Ok(code) = object.decoded_data() else { return };
        let mut inner = state.clone();
        if let Some(matrix) = dict.get::<Array>("Matrix") {
            let n: Vec<f64> = matrix.iter::<f32>().map(f64::from).collect();
            if let &[a, b, c, d, e, f] = &n[..] {
                inner.ctm = Matrix([a, b, c, d, e, f]).then(inner.ctm);
            }
        }
        if let Some(bounds) = dict.get::<Rect>("BBox") {
            inner.clip_to(&Path::of(inner.ctm, area(bounds)));
        }
        // A group that lets the page shine through covers nothing; what is in it is followed all the same.
        let own = dict.get::<Dict>("Resources").map(Resources::new);
        self.follow(&code, own.as_ref().unwrap_or(resources), inner, depth + 1);
    }

    /// A picture: it fills the unit square.
    fn picture(&mut self, state: &State, whole: bool) {
        let path = Path::of(state.ctm, Area { x0: 0.0, y0: 0.0, x1: 1.0, y1: 1.0 });
        let Some(area) = path.area().map(|a| a.meet(state.clip)) else { return };
        if whole && path.is_straight() && state.covers() {
            self.cover(area);
        }
        self.area(state, area);
    }

    fn paint(&mut self, state: &State, path: &Path) {
        let Some(area) = path.area().map(|a| a.meet(state.clip)) else { return };
        if path.is_straight() && state.covers() && state.ink != Ink::Other {
            self.cover(area);
        }
        if state.ink != Ink::White {
            self.area(state, area);
        }
    }

    /// Takes note that something is painted there.
    fn area(&mut self, _: &State, area: Area) {
        if self.painted.len() < MARKS {
            self.painted.push(area);
        }
    }

    /// Something opaque lies there now.
    fn cover(&mut self, area: Area) {
        *self.work += self.marks.len();
        if *self.work > MOST {
            return;
        }
        for mark in &mut self.marks {
            // The middle of a letter, and well inside, so that a line beneath or beside it is none.
            let (x, y) = mark.at;
            mark.covered |= area.holds(x, y, mark.size * 0.15);
        }
    }

    fn text(&mut self, state: &mut State) {
        let Some((at, size)) = state.mark() else { return };
        if state.invisible || size < 1.0 {
            return;
        }
        if !self.page.meet(state.clip).holds(at.0, at.1, 0.0) {
            // Cut off by a clip is something else than beside the page.
            self.outside |= !self.page.holds(at.0, at.1, -size);
            return;
        }
        if state.ink == Ink::White && state.covers() {
            *self.work += self.painted.len();
            self.white |= !self.painted.iter().any(|a| a.holds(at.0, at.1, 0.0));
        }
        if self.marks.len() < MARKS {
            self.marks.push(Mark { at, size, covered: false });
        }
    }
}

/// Whether a text that is shown is more than white space.
fn says<'a, 'b>(operands: impl Iterator<Item = &'b Object<'a>>) -> bool
where
    'a: 'b,
{
    let visible = |bytes: &[u8]| bytes.iter().any(|b| !matches!(b, 0 | 3 | b' '));
    operands.into_iter().any(|o| match o {
        Object::String(s) => visible(s.as_bytes()),
        Object::Array(a) => a.iter::<Object>().any(|o| matches!(&o, Object::String(s) if visible(s.as_bytes()))),
        _ => false,
    })
}

/// Whether the components of a colour space are those of grey, red-green-blue or ink.
fn is_plain(name: &Name, resources: &Resources) -> bool {
    let plain = |n: &[u8]| matches!(n, b"DeviceGray" | b"DeviceRGB" | b"DeviceCMYK" | b"CalGray" | b"CalRGB" | b"ICCBased");
    if plain(name.as_ref()) {
        return true;
    }
    match resources.get_color_space(name) {
        Some(Object::Name(n)) => plain(n.as_ref()),
        Some(Object::Array(a)) => a.iter::<Name>().next().is_some_and(|n| plain(n.as_ref())),
        _ => false,
    }
}
