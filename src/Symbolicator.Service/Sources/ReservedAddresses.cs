using System.Net;
using System.Net.Sockets;

namespace Symbolicator.Service.Sources;

/// <summary>Tells addresses of the public internet from all others (IANA special-purpose registries, RFC 6890).</summary>
internal static class ReservedAddresses
{
    private static readonly IPNetwork[] ReservedV4 =
    [
        .. Networks(
            "0.0.0.0/8",         // this network
            "10.0.0.0/8",        // private
            "100.64.0.0/10",     // carrier-grade NAT
            "127.0.0.0/8",       // loopback
            "168.63.129.16/32",  // a cloud's platform endpoint, public by number only
            "169.254.0.0/16",    // link-local, metadata services
            "172.16.0.0/12",     // private
            "192.0.0.0/24",      // protocol assignments
            "192.0.2.0/24",      // documentation
            "192.88.99.0/24",    // 6to4 relays
            "192.168.0.0/16",    // private
            "198.18.0.0/15",     // benchmarking
            "198.51.100.0/24",   // documentation
            "203.0.113.0/24",    // documentation
            "224.0.0.0/4",       // multicast
            "240.0.0.0/4"),      // reserved, broadcast
    ];

    /// <summary>The only part of IPv6 that is routed; everything else is local, mapped or unassigned.</summary>
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] ReservedV6 =
    [
        .. Networks(
            "2001::/23",         // protocol assignments: Teredo, benchmarking, ORCHID
            "2001:db8::/32",     // documentation
            "2002::/16",         // 6to4: may wrap any IPv4 address
            "3fff::/20"),        // documentation
    ];

    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily switch
        {
            AddressFamily.InterNetwork => !IsIn(ReservedV4, address),
            AddressFamily.InterNetworkV6 => address.ScopeId == 0 && GlobalUnicast.Contains(address) && !IsIn(ReservedV6, address),
            _ => false,
        };
    }

    private static bool IsIn(IPNetwork[] networks, IPAddress address) => Array.Exists(networks, network => network.Contains(address));

    private static IEnumerable<IPNetwork> Networks(params string[] texts) => texts.Select(text => IPNetwork.Parse(text));
}
