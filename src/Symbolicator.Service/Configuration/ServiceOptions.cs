using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;

namespace Symbolicator.Service.Configuration;

/// <summary>Everything that the configuration file says, checked.</summary>
internal sealed record ServiceOptions
{
    public HttpOptions Http { get; init; } = new();

    public CacheOptions Caches { get; init; } = new();

    public DownloadOptions Downloads { get; init; } = new();

    public JobOptions Jobs { get; init; } = new();

    public CpuOptions Cpu { get; init; } = new();

    public LoggingOptions Logging { get; init; } = new();

    public ParseLimits Limits { get; init; } = ParseLimits.Default;

    /// <summary>Asked when a request names none.</summary>
    public IReadOnlyList<SourceConfig> Sources { get; init; } = [];

    /// <summary>To be logged once logging works.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
