//! A manuscript as long as one wants: each page with running text, equations, every few pages a table and an image.

use std::collections::BTreeMap;
use std::sync::Arc;

use imprint_manuscript::Manuscript;
use imprint_manuscript::manuscript::{
    Align, Author, Block, Corresponding, Front, Inline, Marks, Math, Reference, Section, Variant,
};
use imprint_manuscript::math::{Display, Formula};
use imprint_rendering::{Image, Images};

const FORMULAS: [&str; 6] = [
    r"L(\lambda) = \frac{2hc^2}{\lambda^5} \frac{1}{e^{hc/\lambda kT} - 1}",
    r"\int_0^\infty e^{-x^2} dx = \frac{\sqrt{\pi}}{2}",
    r"\sum_{i=1}^{n} w_i \cdot x_i = \left( \frac{a + b}{c} \right)^2",
    r"\tau = \int_z^{\infty} \beta(z') dz'",
    r"\lim_{n \to \infty} a_n = 0",
    r"\mathrm{NDVI} = \frac{\rho_{NIR} - \rho_{red}}{\rho_{NIR} + \rho_{red}}",
];

const SENTENCES: [&str; 8] = [
    "The retrieval compares measured radiances with radiances that a forward model predicts for a state of the atmosphere. ",
    "Where the residual exceeds three standard deviations of the noise, the pixel is flagged and not used any further. ",
    "Temperatures are given in °C unless they enter Planck's law, and uncertainties are one standard deviation. ",
    "Each granule covers about 5 minutes of an orbit, which is 2030 lines of 1354 pixels at nadir. ",
    "Aerosols are treated as a mixture of two modes whose optical properties were tabulated beforehand. ",
    "The cloud mask is taken over from the product of level 2 without changes; 12 % of all pixels are lost to it. ",
    "Validation against 48 ground stations shows a bias of 0.02 and a root mean square difference of 0.07. ",
    "Gaps shorter than three days are filled by interpolation in time, longer ones remain gaps. ",
];

/// A manuscript of about so many pages, with its images.
pub(crate) fn sample(pages: usize, variant: Variant) -> (Manuscript, Images) {
    let mut counter = Counter::default();
    let sections = (0..pages).map(|page| section(page, &mut counter)).collect();
    let manuscript = Manuscript {
        variant,
        front: front(),
        sections,
        footnotes: (0..pages)
            .map(|page| vec![paragraph(vec![text(SENTENCES[page % SENTENCES.len()])])])
            .collect(),
        references: (0..30).map(reference).collect(),
        warnings: Vec::new(),
    };
    let images = (0..2)
        .map(|number| (format!("figure-{number}.png"), image(number)))
        .collect();
    (manuscript, images)
}

#[derive(Default)]
struct Counter {
    equations: u32,
    figures: u32,
    tables: u32,
}

fn front() -> Front {
    let author = |name: &str, initials: &str, family: &str, affiliations: &[usize]| Author {
        name: name.to_owned(),
        initials: initials.to_owned(),
        family: family.to_owned(),
        affiliations: affiliations.to_vec(),
    };
    Front {
        title: "Algorithm Theoretical Basis Document: Surface Reflectance over Land and Inland Water".to_owned(),
        version: "2.1".to_owned(),
        published: Some("2026-04-11".to_owned()),
        language: "en".to_owned(),
        authors: vec![
            author("Jane Q. Doe", "J. Q.", "Doe", &[0, 1]),
            author("José Müller", "J.", "Müller", &[1]),
            author("Richard Roe", "R.", "Roe", &[2]),
        ],
        affiliations: vec![
            "Earth Sciences Division, Goddard Space Flight Center, Greenbelt, MD, USA".to_owned(),
            "Institut für Umweltphysik, Universität Bremen, Bremen, Germany".to_owned(),
            "Department of Geography, University of Maryland, College Park, MD, USA".to_owned(),
        ],
        corresponding: Some(Corresponding {
            name: "Jane Q. Doe".to_owned(),
            email: Some("jane.doe@example.org".to_owned()),
        }),
        keywords: vec!["Surface reflectance".to_owned(), "Aerosols".to_owned()],
        key_points: vec![
            "Surface reflectance is retrieved over land and inland water with one algorithm".to_owned(),
            "The uncertainty of each pixel is propagated from the instrument to the product".to_owned(),
        ],
        doi: Some("10.5067/EXAMPLE/ATBD.002".to_owned()),
        citation: Some(
            "Doe, J. Q., Müller, J., & Roe, R. (2026). Surface Reflectance over Land and Inland Water, version 2.1.".to_owned(),
        ),
    }
}

/// One page: half of the sections are below the one before.
fn section(page: usize, counter: &mut Counter) -> Section {
    let upper = page.is_multiple_of(2);
    let chapter = page / 2 + 1;
    let mut blocks = vec![
        running(page, 0),
        equation(page, counter),
        running(page, 2),
        equation(page + 1, counter),
        running(page, 4),
    ];
    if page.is_multiple_of(4) {
        blocks.push(equation(page + 2, counter));
        blocks.push(list(page));
    }
    if page % 5 < 2 {
        blocks.push(table(page, counter));
    }
    if page % 10 == 3 {
        blocks.push(figure(page, counter));
    }
    blocks.push(running(page, 6));
    Section {
        level: if upper { 1 } else { 2 },
        id: format!("section-{page}"),
        number: Some(if upper {
            chapter.to_string()
        } else {
            format!("{chapter}.1")
        }),
        heading: vec![text(if upper {
            "Scientific theory"
        } else {
            "Assumptions and their limits"
        })],
        blocks,
        path: format!("/document/section_{page}"),
    }
}

fn text(text: &str) -> Inline {
    Inline::Text {
        text: text.to_owned(),
        marks: Marks::default(),
    }
}

fn paragraph(content: Vec<Inline>) -> Block {
    Block::Paragraph { content }
}

fn formula(number: usize, display: Display) -> Math {
    let source = FORMULAS[number % FORMULAS.len()];
    match Formula::read(source, display) {
        Ok(formula) => Math::Formula(formula),
        Err(_) => Math::Source {
            source: source.to_owned(),
        },
    }
}

fn running(page: usize, start: usize) -> Block {
    let sentence = |offset: usize| text(SENTENCES[(page + start + offset) % SENTENCES.len()]);
    let mut content = vec![sentence(0), sentence(1)];
    if start == 0 {
        content.push(Inline::Footnote { note: page });
        content.push(text(" "));
    }
    content.extend([
        Inline::Text {
            text: "This holds for every band".to_owned(),
            marks: Marks {
                italic: true,
                ..Marks::default()
            },
        },
        text(" "),
        Inline::Cite {
            references: vec![page % 30, (page + 7) % 30],
        },
        text("; see "),
        Inline::Link {
            url: "#section-0".to_owned(),
            content: vec![text("the beginning")],
        },
        text(" with "),
        Inline::Math {
            math: formula(page + start, Display::Inline),
        },
        text(". "),
        sentence(2),
        sentence(3),
        sentence(5),
    ]);
    paragraph(content)
}

fn equation(number: usize, counter: &mut Counter) -> Block {
    counter.equations += 1;
    Block::Equation {
        id: format!("equation-{}", counter.equations),
        number: Some(counter.equations),
        math: formula(number, Display::Block),
    }
}

fn list(page: usize) -> Block {
    let item = |offset: usize| {
        vec![paragraph(vec![text(
            SENTENCES[(page + offset) % SENTENCES.len()],
        )])]
    };
    let mut nested = item(2);
    nested.push(Block::List {
        start: None,
        items: vec![item(3), item(4)],
    });
    Block::List {
        start: Some(1),
        items: vec![item(0), item(1), nested],
    }
}

fn table(page: usize, counter: &mut Counter) -> Block {
    counter.tables += 1;
    let cell = |words: &str| vec![paragraph(vec![text(words)])];
    let rows = (0..6).map(|row| {
        vec![
            cell(&format!("surface_reflectance_band_{row}")),
            cell("W m-2 sr-1 µm-1"),
            cell(&format!("{}.{page}", row * 7)),
        ]
    });
    Block::Table {
        id: format!("table-{}", counter.tables),
        number: Some(counter.tables),
        caption: vec![text(
            "Variables that the retrieval writes for each pixel, with their units.",
        )],
        widths: None,
        align: vec![Align::Start, Align::Start, Align::End],
        header: vec![cell("Name"), cell("Unit"), cell("Value")],
        rows: rows.collect(),
    }
}

fn figure(page: usize, counter: &mut Counter) -> Block {
    counter.figures += 1;
    Block::Figure {
        id: format!("figure-{}", counter.figures),
        number: counter.figures,
        image: format!("figure-{}.png", counter.figures as usize % 2),
        alt: "A map of reflectance".to_owned(),
        caption: vec![text(
            "Reflectance at 0.55 µm on the first of July, averaged over all granules of the day.",
        )],
        path: format!("/document/section_{page}/children/9"),
    }
}

fn reference(number: usize) -> Reference {
    let fields = [
        ("authors", format!("Doe, J., & Roe, R{number}.")),
        ("year", (1990 + number).to_string()),
        ("title", format!("On the retrieval of reflectance, part {number}")),
        ("series", "Journal of Atmospheric Radiation".to_owned()),
        ("volume", number.to_string()),
        ("pages", format!("{number}01-{number}17")),
        ("doi", format!("10.1000/example.{number}")),
    ];
    let fields: BTreeMap<String, String> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Reference {
        id: format!("ref{number}"),
        fields,
    }
}

/// A picture of a gradient, as PNG without compression.
fn image(number: u8) -> Image {
    let (columns, rows) = (480_u32, 300_u32);
    let mut pixels = Vec::new();
    for row in 0..rows {
        pixels.push(0);
        for column in 0..columns {
            let shade = |value: u32| u8::try_from(value % 256).unwrap_or_default();
            pixels.extend([
                shade(column / 2),
                shade(row),
                shade(column * row / 700).wrapping_add(number * 90),
            ]);
        }
    }
    Image {
        media_type: "image/png",
        bytes: Arc::from(png(columns, rows, &pixels)),
    }
}

fn png(columns: u32, rows: u32, pixels: &[u8]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [columns.to_be_bytes(), rows.to_be_bytes()].concat();
    header.extend([8, 2, 0, 0, 0]);
    chunk(b"IHDR", &header, &mut out);
    let mut data = vec![0x78, 0x01];
    let blocks = pixels.chunks(0xffff);
    let last = blocks.len() - 1;
    for (number, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        data.push(u8::from(number == last));
        data.extend(length.to_le_bytes());
        data.extend((!length).to_le_bytes());
        data.extend(block);
    }
    let (low, high) = pixels.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    data.extend(((high << 16) | low).to_be_bytes());
    chunk(b"IDAT", &data, &mut out);
    chunk(b"IEND", &[], &mut out);
    out
}

fn chunk(name: &[u8; 4], data: &[u8], out: &mut Vec<u8>) {
    out.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    let body = [name.as_slice(), data].concat();
    let sum = body.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            }
        })
    });
    out.extend(&body);
    out.extend((!sum).to_be_bytes());
}
