import io
from datetime import UTC, datetime

import pypdf
import pytest

from app.core import pdf

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TEMPLATE = """
#import "/core/pdf/paper.typ": data, paper, yuan
#show: paper.with(title: "样张", foot: data.foot)
#data.text
#for row in data.rows [
  #row.name #yuan(row.fen) \\
]
"""


@pytest.fixture
def template(tmp_path, monkeypatch):
    """A template is a file of the house; here the house is a folder with a template and the shared paper."""
    (tmp_path / "core" / "pdf").mkdir(parents=True)
    (tmp_path / "core" / "pdf" / "paper.typ").write_bytes((pdf._HOUSE / "core/pdf/paper.typ").read_bytes())
    monkeypatch.setattr(pdf, "_HOUSE", tmp_path)
    made = tmp_path / "sample.typ"
    made.write_text(TEMPLATE)
    return made


async def test_what_people_wrote_is_printed_and_not_obeyed(template):
    text = '#read("/sample.typ") *b* _i_ $x$ <a> @ref // #let 保靖䶮'
    data = {"foot": "编号 1", "text": text, "rows": [{"name": "黄金茶", "fen": fen} for fen in (-1, 123_456_789)] * 60}
    content = await pdf.render(template, data, at=AT)
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    first, last = pages[0].extract_text(), pages[-1].extract_text()
    assert text in first
    assert "-0.01" in first
    assert "1,234,567.89" in first
    assert len(pages) > 1
    assert f"第 {len(pages)} 页 共 {len(pages)} 页" in last
    assert "编号 1" in last


async def test_the_same_paper_has_the_same_bytes(template):
    data = {"foot": "", "text": "保靖", "rows": []}
    assert await pdf.render(template, data, at=AT) == await pdf.render(template, data, at=AT)


def test_the_fonts_are_ours_alone_and_free():
    assert {(font.family, font.weight) for font in pdf._fonts().fonts()} == {
        ("Noto Sans SC", 400),
        ("Noto Sans SC", 700),
    }
    assert "SIL OPEN FONT LICENSE" in (pdf._FONTS / "LICENSE-OFL.txt").read_text()
