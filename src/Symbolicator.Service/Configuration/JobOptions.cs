namespace Symbolicator.Service.Configuration;

/// <summary>Section <c>jobs</c>.</summary>
internal sealed record JobOptions
{
    /// <summary>How long a result can be polled.</summary>
    public TimeSpan ResultTtl { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>A job that runs longer ends with status <c>timeout</c>.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromMinutes(15);

    public static JobOptions Read(ConfigSection root)
    {
        var section = root.Section("jobs");
        var none = new JobOptions();
        return new JobOptions
        {
            ResultTtl = section.Duration("result_ttl", none.ResultTtl),
            MaxDuration = section.Duration("max_duration", none.MaxDuration),
        };
    }
}
