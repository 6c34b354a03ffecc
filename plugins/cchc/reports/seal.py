"""The seal of an edition on its papers: the first digits of the hash of its figures, and a QR code of the whole hash."""

from __future__ import annotations

import io
from dataclasses import dataclass

import segno
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt

from cchc.reports.package import settle

SHORT = 16  # digits that a person compares


@dataclass(frozen=True)
class Seal:
    """The hash of the figures, rows, definitions and queries of an edition. The papers are no part of it, because they print it.

    `text_vi`: what the papers print, in the words of the layout (`seal` in labels.yaml); it is known when they are written.
    """

    period: str
    edition: int
    sha256: str
    text_vi: str = ""

    @property
    def digits(self) -> str:
        """The digits that a person compares, in groups of four."""
        return " ".join(self.sha256[at : at + 4] for at in range(0, SHORT, 4))

    @property
    def qr_text(self) -> str:
        """What the QR code says."""
        return f"cchc {self.period}/{self.edition} sha256:{self.sha256}"

    def png(self) -> bytes:
        """The QR code as a picture."""
        out = io.BytesIO()
        segno.make(self.qr_text, error="m", micro=False).save(out, kind="png", scale=4, border=2, dpi=300)
        return out.getvalue()

    def svg(self) -> str:
        """The QR code as an element of a page."""
        code = segno.make(self.qr_text, error="m", micro=False)
        return code.svg_inline(scale=2, border=2, title=self.text_vi, omitsize=False)

    def on(self, data: bytes, ending: str) -> bytes:
        """A paper with the seal at its end. A workbook has it already: it stands in the foot of its sheets (cchc.reports.workbook)."""
        if ending == ".docx":
            return self._on_document(data)
        if ending == ".html":
            return self._on_page(data.decode()).encode()
        return data

    def _on_document(self, data: bytes) -> bytes:
        document = Document(io.BytesIO(data))
        paragraph = document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.space_before = Pt(6)
        run = paragraph.add_run(f"{self.text_vi}  ")
        run.font.size = Pt(9)
        about = paragraph.add_run().add_picture(io.BytesIO(self.png()), width=Mm(18))._inline.docPr
        about.set("name", "QR")
        about.set("descr", self.text_vi)
        out = io.BytesIO()
        document.save(out)
        return settle(out.getvalue())

    def _on_page(self, text: str) -> str:
        body, end, rest = text.rpartition("</body>")
        return f'{body}<p class="note">{self.text_vi}<br>{self.svg()}</p>\n{end}{rest}'
