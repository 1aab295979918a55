using System.Net;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Sources;

namespace Symbolicator.Service.Tests.Sources;

public sealed class OutboundPolicyTests
{
    [Theory]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://0/")]
    [InlineData("http://0.1.2.3/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://10.255.255.255/")]
    [InlineData("http://100.64.0.1/")]
    [InlineData("http://100.127.255.255/")]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://127.1/")]
    [InlineData("http://127.0.1/")]
    [InlineData("http://127.255.255.254/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f000001/")]
    [InlineData("http://0x7f.0.0.1/")]
    [InlineData("http://0177.0.0.1/")]
    [InlineData("http://017700000001/")]
    [InlineData("http://0177.0x0.0.1/")]
    [InlineData("http://168.63.129.16/")]
    [InlineData("http://169.254.0.1/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://2852039166/")]
    [InlineData("http://0xa9fea9fe/")]
    [InlineData("http://0251.0376.0251.0376/")]
    [InlineData("http://169.254.170.2/v2/credentials")]
    [InlineData("http://172.16.0.1/")]
    [InlineData("http://172.31.255.255/")]
    [InlineData("http://192.0.0.1/")]
    [InlineData("http://192.0.0.192/")]
    [InlineData("http://192.0.2.1/")]
    [InlineData("http://192.88.99.1/")]
    [InlineData("http://192.168.0.1/")]
    [InlineData("http://3232235521/")]
    [InlineData("http://198.18.0.1/")]
    [InlineData("http://198.19.255.255/")]
    [InlineData("http://198.51.100.1/")]
    [InlineData("http://203.0.113.1/")]
    [InlineData("http://224.0.0.1/")]
    [InlineData("http://239.255.255.250/")]
    [InlineData("http://240.0.0.1/")]
    [InlineData("http://255.255.255.255/")]
    [InlineData("http://user:password@127.0.0.1/")]
    [InlineData("http://example.com@127.0.0.1/")]
    [InlineData("http://example.com%40@169.254.169.254/")]
    [InlineData("https://127.0.0.1:8443/")]
    [InlineData("http://[::]/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[0:0:0:0:0:0:0:1]/")]
    [InlineData("http://[::ffff:127.0.0.1]/")]
    [InlineData("http://[::ffff:7f00:1]/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("http://[::127.0.0.1]/")]
    [InlineData("http://[::8.8.8.8]/")]
    [InlineData("http://[64:ff9b::7f00:1]/")]
    [InlineData("http://[64:ff9b::a9fe:a9fe]/")]
    [InlineData("http://[64:ff9b:1::1]/")]
    [InlineData("http://[100::1]/")]
    [InlineData("http://[2001::1]/")]
    [InlineData("http://[2001:0:7f00:1::]/")]
    [InlineData("http://[2001:2::1]/")]
    [InlineData("http://[2001:10::1]/")]
    [InlineData("http://[2001:20::1]/")]
    [InlineData("http://[2001:db8::1]/")]
    [InlineData("http://[2002:7f00:1::1]/")]
    [InlineData("http://[2002:a9fe:a9fe::1]/")]
    [InlineData("http://[3fff::1]/")]
    [InlineData("http://[4000::1]/")]
    [InlineData("http://[fc00::1]/")]
    [InlineData("http://[fd00:ec2::254]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fe80::1%25eth0]/")]
    [InlineData("http://[fec0::1]/")]
    [InlineData("http://[ff02::1]/")]
    [InlineData("http://[ff0e::1]/")]
    public async Task Reserved_addresses_are_refused_however_they_are_written(string url)
    {
        await AssertRefusedAsync(new Uri(url).IdnHost, [IPAddress.Parse("8.8.8.8")]);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("::ffff:192.168.1.1")]
    [InlineData("64:ff9b::a00:1")]
    public async Task Names_that_resolve_to_reserved_addresses_are_refused(string address)
    {
        await AssertRefusedAsync("symbols.example", [IPAddress.Parse(address)]);
    }

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("1.1.1.1")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.0.1.0")]
    [InlineData("198.17.255.255")]
    [InlineData("198.20.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2001:200::1")]
    [InlineData("2a00:1450:4001:80e::200e")]
    public async Task Public_addresses_are_allowed(string address)
    {
        var expected = IPAddress.Parse(address);

        Assert.Equal([expected], await Policy(allowReserved: false, expected).ResolveAsync("symbols.example", CancellationToken.None));
        Assert.Equal([expected], await Policy(allowReserved: false).ResolveAsync(address, CancellationToken.None));
    }

    [Fact]
    public async Task Of_several_addresses_only_the_public_ones_are_connected_to()
    {
        var allowed = IPAddress.Parse("8.8.4.4");

        Assert.Equal(
            [allowed],
            await Policy(allowReserved: false, IPAddress.Loopback, allowed, IPAddress.IPv6Loopback).ResolveAsync("x.example", CancellationToken.None));
    }

    [Fact]
    public async Task Reserved_addresses_are_allowed_when_the_configuration_says_so()
    {
        Assert.Equal([IPAddress.Loopback], await Policy(allowReserved: true).ResolveAsync("127.0.0.1", CancellationToken.None));
    }

    [Theory]
    [InlineData("http://a/", true)]
    [InlineData("https://a/", true)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("ftp://a/", false)]
    [InlineData("gopher://a/", false)]
    [InlineData("ws://a/", false)]
    [InlineData("data:text/plain,x", false)]
    public void Only_the_web_is_asked(string url, bool allowed)
    {
        Assert.Equal(allowed, OutboundPolicy.IsAllowedScheme(new Uri(url)));
    }

    private static async Task AssertRefusedAsync(string host, IPAddress[] resolved)
    {
        var policy = Policy(allowReserved: false, resolved);
        await Assert.ThrowsAsync<RestrictedDestinationException>(() => policy.ResolveAsync(host, CancellationToken.None));
    }

    private static OutboundPolicy Policy(bool allowReserved, params IPAddress[] resolved) =>
        new(new DownloadOptions { ConnectToReservedIps = allowReserved }, new FixedResolver(resolved));

    private sealed class FixedResolver(IPAddress[] addresses) : IHostResolver
    {
        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct) => Task.FromResult(addresses);
    }
}
