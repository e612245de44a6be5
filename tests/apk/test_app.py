"""Targets of every form opened as one app."""

import hashlib
import os
from pathlib import Path

import pytest

from analyzer.apk.app import OpenedApp, ResourceFile, open_app
from analyzer.apk.errors import EntryError
from analyzer.errors import PinscopeError, TargetError, UsageError
from analyzer.options import Limits
from tests.support.apks import PACKAGE, POLICY, apk, manifest, split_manifest
from tests.support.arsc import Resource
from tests.support.axml import Layout, compile_xml
from tests.support.values import Ref, Value
from tests.support.zips import Entry, archive

NSC: dict[str, Value] = {"android:networkSecurityConfig": Ref(0x7F010000)}
POLICY_RESOURCE = [Resource("xml", "policy", {"": "res/a.xml"})]
BASE = apk(
    manifest(application=NSC), resources=POLICY_RESOURCE, files={"res/a.xml": POLICY, "classes.dex": b"dex\n035"}
)
CONFIG = apk(
    split_manifest("config.de"),
    resources=[Resource("xml", "policy", {"de": "res/de.xml"})],
    files={"res/de.xml": POLICY, "lib/arm64-v8a/libssl_own.so": b"\x7fELF"},
)
FEATURE = apk(split_manifest("feature"), files={"classes.dex": b"dex\n035", "classes2.dex": b"dex\n035"})


def opened(folder: Path, data: bytes, name: str = "app.apk", limits: Limits | None = None) -> OpenedApp:
    path = folder / name
    path.write_bytes(data)
    return open_app(path, limits or Limits())


def nested(**files: bytes) -> bytes:
    return archive(
        *(Entry(name.replace("__", "/").replace("_apk", ".apk"), data, deflate=False) for name, data in files.items())
    )


def test_a_single_package_is_opened(tmp_path: Path) -> None:
    app = opened(tmp_path, BASE)
    assert (app.target.format, app.target.size_bytes) == ("apk", len(BASE))
    assert app.target.sha256 == hashlib.sha256(BASE).hexdigest()
    assert app.info.package == PACKAGE
    assert app.entries() == ("AndroidManifest.xml", "resources.arsc", "res/a.xml", "classes.dex")
    assert app.manifest_entry == "AndroidManifest.xml"
    assert app.dex_entries == ("classes.dex",) and app.read_dex("classes.dex") == b"dex\n035"
    assert app.gaps == ()


def test_the_policy_file_is_found_whatever_it_is_called(tmp_path: Path) -> None:
    app = opened(tmp_path, BASE)
    reference = app.info.network_security_config
    assert reference is not None and reference.name == "xml/policy"
    files = app.resource_files(reference)
    assert files == (ResourceFile(entry="res/a.xml", resource_id=0x7F010000),)
    assert app.resource_files(0x7F010000) == files
    assert app.xml("res/a.xml").root.name == "network-security-config"


def test_every_configuration_of_the_policy_is_found(tmp_path: Path) -> None:
    resources = [Resource("xml", "policy", {"": "res/a.xml", "v28": "res/b.xml"})]
    app = opened(
        tmp_path, apk(manifest(application=NSC), resources=resources, files={"res/a.xml": POLICY, "res/b.xml": POLICY})
    )
    assert [(f.entry, f.qualifiers, f.first_level) for f in app.resource_files(0x7F010000)] == [
        ("res/a.xml", "", 0),
        ("res/b.xml", "v28", 28),
    ]


def test_a_policy_file_that_no_package_holds_is_told_by_name(tmp_path: Path) -> None:
    app = opened(tmp_path, apk(manifest(application=NSC), resources=POLICY_RESOURCE))
    assert app.resource_files(0x7F010000) == ()
    assert app.missing_resource_files(0x7F010000) == ("res/a.xml",)


@pytest.mark.parametrize(
    ("marker", "expected"), [("toc.pb", "apks"), ("manifest.json", "xapk"), ("info.json", "apkm"), ("readme", "apks")]
)
def test_split_sets_open_as_one_app(tmp_path: Path, marker: str, expected: str) -> None:
    data = archive(
        Entry("base.apk", BASE, deflate=False),
        Entry("config.de.apk", CONFIG),
        Entry("feature.apk", FEATURE, deflate=False),
        Entry(marker, b"{}"),
    )
    app = opened(tmp_path, data, "set.zip")
    assert app.target.format == expected
    assert app.info.splits == ("config.de", "feature")
    assert app.manifest_entry == "base.apk!AndroidManifest.xml"
    assert app.dex_entries == ("base.apk!classes.dex", "feature.apk!classes.dex", "feature.apk!classes2.dex")
    assert app.info.native_libraries == ("libssl_own.so",)
    assert [(f.entry, f.qualifiers) for f in app.resource_files(0x7F010000)] == [
        ("base.apk!res/a.xml", ""),
        ("config.de.apk!res/de.xml", "de"),
    ]
    assert app.xml("config.de.apk!res/de.xml").root.name == "network-security-config"


def test_a_folder_of_splits_opens_as_one_app(tmp_path: Path) -> None:
    for name, data in (("z-base.apk", BASE), ("a-config.apk", CONFIG), ("notes.txt", b"x")):
        (tmp_path / name).write_bytes(data)
    app = open_app(tmp_path, Limits())
    assert (app.target.format, app.target.size_bytes) == ("split-set", len(BASE) + len(CONFIG))
    assert app.info.splits == ("config.de",)
    assert app.manifest_entry == "z-base.apk!AndroidManifest.xml"
    digests = sorted(hashlib.sha256(data).digest() for data in (BASE, CONFIG))
    assert app.target.sha256 == hashlib.sha256(b"".join(digests)).hexdigest()


def test_a_universal_package_stands_for_the_whole_set(tmp_path: Path) -> None:
    app = opened(tmp_path, nested(universal_apk=BASE, splits__base_apk=CONFIG, toc=b""))
    assert app.manifest_entry == "universal.apk!AndroidManifest.xml"


def test_of_several_variants_one_is_read(tmp_path: Path) -> None:
    data = archive(
        *(
            Entry(f"splits/{name}.apk", content, deflate=False)
            for name, content in (
                ("base-master", BASE),
                ("base-master_2", BASE),
                ("base-de", CONFIG),
                ("base-de_2", CONFIG),
                ("base-x86_64", apk(split_manifest("config.x86_64"))),
            )
        ),
        Entry("toc.pb", b""),
    )
    app = opened(tmp_path, data)
    assert app.info.splits == ("config.de", "config.x86_64")
    assert app.manifest_entry == "splits/base-master.apk!AndroidManifest.xml"
    assert app.gaps == ()


def test_of_standalone_packages_the_largest_is_read(tmp_path: Path) -> None:
    larger = apk(manifest(), files={"assets/more": os.urandom(5000)})
    app = opened(tmp_path, nested(standalones__a_apk=BASE, standalones__b_apk=larger))
    assert app.manifest_entry == "standalones/b.apk!AndroidManifest.xml"


@pytest.mark.parametrize(
    ("split", "why"),
    [
        (apk(split_manifest("config.de", version=8)), "another package or version"),
        (BASE, "second base APK"),
    ],
)
def test_packages_that_do_not_belong_are_left_out_and_told(tmp_path: Path, split: bytes, why: str) -> None:
    app = opened(tmp_path, nested(a_apk=BASE, b_apk=split))
    assert app.info.splits == ()
    (gap,) = app.gaps
    assert gap.subject == "b.apk" and why in gap.detail


def test_a_damaged_split_makes_the_scan_incomplete(tmp_path: Path) -> None:
    app = opened(tmp_path, nested(base_apk=BASE, config_apk=CONFIG[:300]))
    (gap,) = app.gaps
    assert gap.incomplete and gap.subject == "config.apk" and "pin" in gap.hides


def test_missing_splits_are_told(tmp_path: Path) -> None:
    root = manifest(root={"android:requiredSplitTypes": "base__density"})
    alone = opened(tmp_path, apk(root), "alone.apk")
    assert alone.info.required_splits_missing
    assert [gap.reason for gap in alone.gaps] == ["missing-split"]
    together = opened(tmp_path, nested(base_apk=apk(root), config_apk=CONFIG), "both.apks")
    assert not together.info.required_splits_missing


def test_a_recovered_manifest_is_told(tmp_path: Path) -> None:
    data = apk(compile_xml(manifest(), Layout(attribute_bytes=24)))
    (gap,) = opened(tmp_path, data).gaps
    assert gap.reason == "recovered" and not gap.hides and not gap.incomplete


def test_dex_files_come_in_load_order(tmp_path: Path) -> None:
    names = ["classes10.dex", "classes2.dex", "classes.dex", "classes1.dex", "lib/classes3.dex", "classes02.dex"]
    app = opened(tmp_path, apk(manifest(), files=dict.fromkeys(names, b"dex\n")))
    assert app.dex_entries == ("classes.dex", "classes2.dex", "classes10.dex")


def test_a_read_beyond_a_limit_leaves_a_gap(tmp_path: Path) -> None:
    data = apk(manifest(), files={"assets/zeros": b"\0" * 100_000})
    app = opened(tmp_path, data, limits=Limits(entry_bytes=50_000))
    with pytest.raises(EntryError):
        app.read("assets/zeros")
    (gap,) = app.gaps
    assert gap.reason == "limit" and gap.subject == "assets/zeros"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"dex\n035\0" + b"\0" * 100, "not an Android package"),
        (archive(Entry("readme", b"x")), "neither AndroidManifest.xml nor APKs"),
        (archive(Entry("BundleConfig.pb", b"x")), "an app bundle without a base module"),
        (archive(Entry("base/manifest/AndroidManifest.xml", b"\nx")), "not a compiled XML file of an app bundle"),
        (archive(Entry("AndroidManifest.xml", b"\0garbage")), "not readable as binary XML"),
        (archive(Entry("AndroidManifest.xml", b"x", raw=b"\xff")), "damaged"),
        (archive(Entry("base.apk", b"junk")), "none of its APKs can be read"),
        (CONFIG, "holds only the split 'config.de'"),
    ],
    ids=["empty", "dex", "zip", "bundle", "bundle module", "garbage", "damaged", "nested junk", "lone split"],
)
def test_what_is_no_app_is_one_clear_line_with_exit_code_3(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(TargetError, match=message) as caught:
        opened(tmp_path, data)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_two_apps_in_one_folder_are_refused(tmp_path: Path) -> None:
    other = apk(manifest(root={"package": "com.other"}))
    (tmp_path / "a.apk").write_bytes(BASE)
    (tmp_path / "b.apk").write_bytes(other)
    with pytest.raises(TargetError, match="holds several apps"):
        open_app(tmp_path, Limits())


def test_an_empty_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"holds no \.apk file"):
        open_app(tmp_path, Limits())


def test_nothing_at_the_path_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        open_app(tmp_path / "missing.apk", Limits())


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.apk"
    os.mkfifo(pipe)
    with pytest.raises(TargetError, match="not a regular file"):
        open_app(pipe, Limits())


def test_a_target_larger_than_the_limit_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="more than the limit"):
        opened(tmp_path, BASE, limits=Limits(target_bytes=10))


def test_more_splits_than_the_limit_make_the_scan_incomplete(tmp_path: Path) -> None:
    data = nested(a_apk=BASE, b_apk=CONFIG, c_apk=FEATURE)
    app = opened(tmp_path, data, limits=Limits(split_files=2))
    assert app.info.splits == ("config.de",)
    assert any(gap.reason == "limit" and gap.incomplete for gap in app.gaps)


def test_nothing_reaches_standard_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number, data in enumerate([BASE, apk(compile_xml(manifest(), Layout(root_type=0))), BASE[:200]]):
        try:
            opened(tmp_path, data, f"{number}.apk")
        except PinscopeError:
            continue
    captured = capfd.readouterr()
    assert captured.err == "" and captured.out == ""
