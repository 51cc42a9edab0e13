import pytest

from app.webhooks.rules import UnsafeUrl, check_url, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_inside_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_in_the_open_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x", "ftp://example.com/x", "https://user@example.com/", "https://user:pw@example.com/",
        "https://example.com/#top", "https:///nothing", "https://localhost/x", "https://intranet/x",
        "https://127.0.0.1/x", "https://[::1]/x", "https://10.0.0.7:8443/", "https://example.com:22/",
        "https://example.com:99999/", "https://例子.cn/x", "not a url", "https://169.254.169.254/latest/meta-data",
        "https://exa mple.com/", "https://example.com/a b", "https://127.1/", "https://0x7f.1/", "https://example.0x7f/",
        "https://example..com/", "https://-example.com/", "https://example.com\n/", "https://exa$mple.com/",
    ],
)  # fmt: skip
def test_an_unsafe_url_is_refused_before_it_is_looked_up(url):
    with pytest.raises(UnsafeUrl):
        check_url(url, private=False)


@pytest.mark.parametrize("url", ["https://erp.example.com/hooks?x=1", "https://example.com:8443/", "https://8.8.8.8/x",
                                 "https://xn--fsqu00a.cn/", "https://a-1.example.com./"])  # fmt: skip
def test_a_public_https_url_is_taken(url):
    check_url(url, private=False)


def test_an_installation_may_call_beside_itself():
    check_url("http://127.0.0.1:9000/x", private=True)
    with pytest.raises(UnsafeUrl):
        check_url("file:///etc/passwd", private=True)
