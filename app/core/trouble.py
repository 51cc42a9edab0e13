"""What the person who starts the program must mend: said in one line, in Chinese and English, without a traceback."""

from __future__ import annotations


class Trouble(Exception):
    """The program cannot go on until somebody acts; ``zh`` and ``en`` each say in one line what is wrong."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en
        super().__init__(f"{zh} / {en}")
