using System.Text;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Sources;
using Symbolicator.Service.Caching;
using Symbolicator.Service.Sources;
using Symbolicator.SymCache;

namespace Symbolicator.Service.Objects;

/// <summary>
/// Keys of cached objects. Besides the place they hold everything that decides which object of it is served to whom:
/// the scope, the credentials (as a fingerprint), the ids and the checksum asked for.
/// </summary>
internal static class ObjectKeys
{
    public static CacheKey Object(ISymbolSource source, ObjectLocation location, ObjectQuery query, string? scope) =>
        new(CacheName.Objects, ScopeOf(source, scope), source.IsPublic, Text(source, location, query, scope).ToString());

    public static CacheKey SymCache(StoredObject stored)
    {
        var text = Text(stored.Source, stored.Location, stored.Query, stored.Scope);
        text.Append("symcache: ").Append(SymCacheBuilder.CacheVersion).Append('\n');
        return new CacheKey(CacheName.SymCaches, ScopeOf(stored.Source, stored.Scope), stored.Source.IsPublic, text.ToString());
    }

    private static StringBuilder Text(ISymbolSource source, ObjectLocation location, ObjectQuery query, string? scope)
    {
        var text = new StringBuilder();

        // A scope that is called like the global one is still another one.
        string? effective = ScopeOf(source, scope);
        Append(text, effective is null ? "global scope" : "scope", effective ?? "");
        Append(text, "source", source.Id);
        Append(text, "location", location.Uri);
        Append(text, "credentials", (source as ICredentialedSource)?.CredentialFingerprint);
        Append(text, "debug_id", query.DebugId?.ToString());
        Append(text, "code_id", query.CodeId?.Hex);
        Append(text, "checksum", location.Checksum);
        return text;
    }

    private static string? ScopeOf(ISymbolSource source, string? scope) => source.IsPublic ? null : scope;

    /// <summary>Line breaks of a value cannot pass for the next line.</summary>
    private static void Append(StringBuilder text, string name, string? value)
    {
        if (value is not null)
        {
            text.Append(name).Append(": ")
                .Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))
                .Append('\n');
        }
    }
}
