"""Which addresses of code may be kept, and what those of the known hosts point to."""

import pytest

from opportunities.code_hosts import is_public, is_pull_request, licence_file, repository_of

GOOD = """
https://github.com/example/tool
https://gitlab.com/group/sub-group/tool/-/merge_requests/3
https://bitbucket.org/example/tool/src/v1.0/
https://code.example.org:8443/tool?tab=readme
https://xn--dpt-bma.example/outil
""".split()
BAD = """
http://github.com/example/tool
javascript:alert(1)
data:text/html,hi
ftp://github.com/example
https://localhost/tool
https://localhost.localdomain/tool
https://build.internal/tool
https://intranet/tool
https://127.0.0.1/tool
https://127.1/tool
https://2130706433/
https://0x7f.0.0.1/
https://0x7f000001/
https://10.0.0.8/tool
https://192.168.1.4/tool
https://169.254.169.254/latest/meta-data
https://8.8.8.8/
https://[::1]/tool
https://[::ffff:127.0.0.1]/tool
https://github.com@127.0.0.1/
https://user:password@github.com/example/tool
https://github.com:99999/example
https://[broken/
//github.com/example
github.com/example
""".split()


@pytest.mark.parametrize("address", GOOD)
def test_an_https_address_on_a_public_host_is_kept(address):
    assert is_public(address)


@pytest.mark.parametrize("address", [*BAD, "", "https://"])
def test_any_other_address_is_not(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    ("address", "is_one", "repository"),
    [
        ("https://github.com/canada-ca/ore-ero/pull/12", True, "https://github.com/canada-ca/ore-ero"),
        ("https://github.com/canada-ca/ore-ero/pull/12/files", True, "https://github.com/canada-ca/ore-ero"),
        ("https://github.com/canada-ca/ore-ero/issues/12", False, "https://github.com/canada-ca/ore-ero"),
        ("https://github.com/canada-ca/ore-ero/tree/v1", False, "https://github.com/canada-ca/ore-ero"),
        ("https://github.com/canada-ca/ore-ero.git", False, "https://github.com/canada-ca/ore-ero"),
        ("https://gitlab.com/a/b/c/-/merge_requests/7", True, "https://gitlab.com/a/b/c"),
        ("https://gitlab.com/a/b/c/-/tree/main", False, "https://gitlab.com/a/b/c"),
        ("https://bitbucket.org/a/b/pull-requests/3", True, "https://bitbucket.org/a/b"),
        ("https://bitbucket.org/a/b", False, "https://bitbucket.org/a/b"),
        ("https://codeberg.org/a/b/pulls/4?x=1#y", True, "https://codeberg.org/a/b/pulls/4"),
        ("https://codeberg.org/", False, "https://codeberg.org"),
    ],
)
def test_what_the_known_hosts_write_is_recognised_and_others_are_accepted(address, is_one, repository):
    assert (is_pull_request(address), repository_of(address)) == (is_one, repository)


def test_the_licence_file_is_guessed_where_the_host_is_known():
    assert licence_file("https://github.com/a/b/pull/3") == "https://github.com/a/b/blob/HEAD/LICENSE"
    assert licence_file("https://gitlab.com/a/b") == "https://gitlab.com/a/b/-/blob/HEAD/LICENSE"
    assert licence_file("https://code.example.org/b") == "https://code.example.org/b"
