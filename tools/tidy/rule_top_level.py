"""top_level: the root of the tree holds the folders of the architecture and a few files."""

from tree import FOLDERS, Case, Finding

NAME = "top_level"
FILES = ("CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "CHANGELOG.md",
         "SECURITY.md")


def check(tree):
    for file in tree.files:
        if not file.folder and file.name not in FILES:
            yield Finding(file.path, 1, NAME,
                          f"only {', '.join(FILES)} and dot files may be at the top: move it "
                          "to the folder it belongs to")
    for folder in sorted(tree.folders):
        if "/" not in folder and folder not in FOLDERS and not folder.startswith("."):
            yield Finding(folder, 1, NAME,
                          f"only the {len(FOLDERS)} folders {', '.join(FOLDERS)} may be at the "
                          "top: move its files to the one they belong to")


CASES = [
    Case("the folders and files of the architecture pass",
         {"storage/a.h": "", "config/server.properties": "", "README.md": "", "LICENSE": "",
          ".ci/run": ""}),
    Case("other folders and files are findings",
         {"common/a.h": "", "notes.md": "", "docs/a/b.md": ""},
         ["common:1", "docs:1", "notes.md:1"]),
]
