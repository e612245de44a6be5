"""Names below which different parties register theirs: top-level domains, registries' second levels, hosters.

A selection of what the Public Suffix List (https://publicsuffix.org) records, made for judging a handful of
policy entries; a suffix that is missing here is taken for an ordinary domain.
"""

# Country-code domain -> second-level names under which the public registers.
_SECOND_LEVELS = {
    "ae": "ac co gov mil net org sch",
    "ar": "com edu gob gov int mil net org tur",
    "at": "ac co gv or",
    "au": "asn com edu gov id net org",
    "bd": "ac com edu gov mil net org",
    "br": "adv art blog com eco edu eng gov ind inf jus leg med mil net org tv",
    "cn": "ac com edu gov mil net org",
    "co": "com edu gov mil net nom org",
    "cr": "ac co ed fi go or sa",
    "cy": "ac biz com gov ltd net org press",
    "ec": "com edu fin gob gov info med mil net org",
    "eg": "com edu eng gov mil name net org sci",
    "es": "com edu gob nom org",
    "fj": "ac com gov mil name net org pro",
    "fr": "asso com gouv nom prd",
    "gh": "com edu gov mil org",
    "gr": "com edu gov net org",
    "hk": "com edu gov idv net org",
    "hu": "co info org priv",
    "id": "ac biz co desa go mil my net or sch web",
    "il": "ac co gov idf k12 muni net org",
    "in": "ac co edu firm gen gov ind mil net nic org res",
    "ir": "ac co gov id net org sch",
    "jo": "com edu gov mil net org sch",
    "jp": "ac ad co ed go gr lg ne or",
    "ke": "ac co go info me mobi ne or sc",
    "kr": "ac co es go hs kg mil ms ne or pe re sc",
    "kw": "com edu gov net org",
    "lb": "com edu gov net org",
    "lk": "ac com edu gov hotel ltd net org",
    "ma": "ac co gov net org press",
    "mx": "com edu gob net org",
    "my": "com edu gov mil name net org",
    "ng": "com edu gov mil mobi name net org sch",
    "np": "com edu gov mil net org",
    "nz": "ac co cri geek gen govt health iwi kiwi maori mil net org parliament school",
    "om": "co com edu gov med museum net org pro",
    "pe": "com edu gob mil net nom org",
    "ph": "com edu gov mil net ngo org",
    "pk": "biz com edu fam gov net org web",
    "pl": "com edu gov info net org waw",
    "pt": "com edu gov int net nome org publ",
    "py": "com coop edu gov mil net org",
    "qa": "com edu gov mil name net org sch",
    "ro": "com info nom org store www",
    "rs": "ac co edu gov in org",
    "ru": "com msk net nnov org pp spb",
    "sa": "com edu gov med net org pub sch",
    "sg": "com edu gov net org per",
    "th": "ac co go in mi net or",
    "tr": "av bbs bel biz com dr edu gen gov info k12 mil name net org pol tel tv web",
    "tw": "club com ebiz edu game gov idv mil net org",
    "tz": "ac co go hotel info me mil mobi ne or sc tv",
    "ua": "com edu gov in kiev kyiv lviv net org",
    "ug": "ac co com go ne or org sc",
    "uk": "ac co gov ltd me net nhs org plc police sch",
    "uy": "com edu gub mil net org",
    "ve": "co com edu gob gov info mil net org web",
    "vn": "ac biz com edu gov health info int name net org pro",
    "za": "ac co edu gov law mil net nom org school web",
    "zm": "ac co com edu gov mil net org",
    "zw": "ac co gov mil org",
}
# Services that give every customer a name of their own below theirs.
_HOSTERS = frozenset(
    {
        "appspot.com",
        "azurewebsites.net",
        "blogspot.com",
        "cloudapp.net",
        "cloudfront.net",
        "elasticbeanstalk.com",
        "firebaseapp.com",
        "fly.dev",
        "github.io",
        "gitlab.io",
        "herokuapp.com",
        "netlify.app",
        "ngrok.io",
        "onrender.com",
        "pages.dev",
        "run.app",
        "s3.amazonaws.com",
        "vercel.app",
        "web.app",
        "workers.dev",
    }
)
_LOCAL_LABELS = frozenset({"localhost", "local", "lan", "internal", "home", "test", "example", "invalid"})
_SUFFIXES = _HOSTERS | {f"{second}.{top}" for top, seconds in _SECOND_LEVELS.items() for second in seconds.split()}


def is_public_suffix(name: str) -> bool:
    """Tell whether a lower-case name is one below which different parties register names.

    Every single label made of letters counts as a top-level domain, except those of local networks and tests.
    """
    if "." not in name:
        is_word = name.isascii() and (name.isalpha() or name.startswith("xn--"))
        return is_word and len(name) >= 2 and name not in _LOCAL_LABELS
    return name in _SUFFIXES
