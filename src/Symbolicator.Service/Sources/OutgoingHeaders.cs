using System.Buffers;

namespace Symbolicator.Service.Sources;

/// <summary>
/// Which headers of a source may be sent. They are chosen by clients, and connections are shared: a line break in a
/// value or a header that frames the message would let one client write the requests of another.
/// </summary>
internal static class OutgoingHeaders
{
    /// <summary>Characters of a token (RFC 9110 5.6.2).</summary>
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>About the connection or the framing, not about the file.</summary>
    private static readonly HashSet<string> OfTheConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Length", "Expect", "HTTP2-Settings", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding",
        "Upgrade",
    };

    /// <summary>Headers that may not be sent are left out, as those with invalid names are.</summary>
    public static bool MaySend(string name, string value) =>
        name.Length > 0 && !name.AsSpan().ContainsAnyExcept(NameCharacters)
        && !value.AsSpan().Trim('\t').ContainsAnyExceptInRange(' ', '~')
        && !OfTheConnection.Contains(name);
}
