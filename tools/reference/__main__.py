"""`python -m tools.reference`: write every document that has changed, and say which."""

from tools.reference.documents import ROOT, documents


def main() -> None:
    for path, text in documents().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
