using Symbolicator.Engine.Sources;
using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Sources;

/// <summary>A request names a source that only the configuration file may name.</summary>
internal sealed class SourceRefusedException(string message) : Exception(message);

/// <summary>Makes sources of their descriptions.</summary>
internal sealed class SourceFactory(ServiceOptions options, Downloader downloader, SecretFingerprint fingerprint)
{
    /// <summary>Those of the configuration file.</summary>
    public IReadOnlyList<ISymbolSource> Configured { get; } =
        [.. options.Sources.Select(source => Create(source, options, downloader, fingerprint))];

    /// <summary>Those of a request; null stands for the configured ones.</summary>
    /// <exception cref="SourceRefusedException">A folder of this machine is named.</exception>
    public IReadOnlyList<ISymbolSource> ForRequest(IReadOnlyList<SourceConfig>? sources)
    {
        if (sources is null)
        {
            return Configured;
        }

        return sources.Any(source => source is FileSystemSourceConfig)
            ? throw new SourceRefusedException("sources of type filesystem may only be named by the configuration file")
            : [.. sources.Select(source => Create(source, options, downloader, fingerprint))];
    }

    private static ISymbolSource Create(
        SourceConfig source, ServiceOptions options, Downloader downloader, SecretFingerprint fingerprint) => source switch
        {
            FileSystemSourceConfig folder => new FileSystemSymbolSource(folder, options.Downloads.MaxBytes),
            HttpSourceConfig server => new HttpSymbolSource(server, downloader, fingerprint),
            _ => new UnsupportedSymbolSource(source),
        };
}
