using System.Security.Cryptography;
using System.Text;

namespace Symbolicator.Service.Caching;

/// <summary>One cache: a directory, a format version, and the ages that apply.</summary>
/// <param name="Name">Directory and metric tag.</param>
/// <param name="Version">Raised when older entries must not be read any more.</param>
/// <param name="IsDerived">Made from other files, not downloaded.</param>
internal sealed record CacheName(string Name, int Version, bool IsDerived)
{
    /// <summary>Debug files, unpacked, one object each, with the facts that readers found out; 2: PE and PDB are read.</summary>
    public static CacheName Objects { get; } = new("objects", 2, IsDerived: false);

    /// <summary>Symcaches; the version of their format is part of the key.</summary>
    public static CacheName SymCaches { get; } = new("symcaches", 1, IsDerived: true);

    /// <summary>Tag of unwind tables, which live in memory only.</summary>
    public const string UnwindTables = "unwind_tables";

    /// <summary>Code of executables, in memory only.</summary>
    public const string Code = "code";

    public static IReadOnlyList<CacheName> All { get; } = [Objects, SymCaches];
}

/// <summary>
/// Identity of a cached file: readable text of everything that decides its content and who may see it. Its SHA-256
/// names the file, so that no text of a request reaches the file system.
/// </summary>
internal sealed record CacheKey
{
    /// <param name="cache">The cache it belongs to.</param>
    /// <param name="scope">Who may see it; null for everyone.</param>
    /// <param name="isPublic">Misses are kept for longer.</param>
    /// <param name="text">The identity, scope included.</param>
    public CacheKey(CacheName cache, string? scope, bool isPublic, string text)
    {
        Cache = cache;
        Scope = scope;
        IsPublic = isPublic;
        Text = text;
        Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    public CacheName Cache { get; }

    public string? Scope { get; }

    public bool IsPublic { get; }

    public string Text { get; }

    /// <summary>64 hex digits.</summary>
    public string Hash { get; }

    /// <summary>Unique over all caches.</summary>
    public string Id => $"{Cache.Name}/{Hash}";

    /// <summary>Below the cache directory: <c>objects/v2/aa/bb/rest</c>.</summary>
    public string RelativePath => Path.Join(Cache.Name, $"v{Cache.Version}", Hash[..2], Hash[2..4], Hash[4..]);
}
