namespace Symbolicator.Service.Configuration;

/// <summary>Section <c>cpu</c>: threads that compute.</summary>
internal sealed record CpuOptions
{
    /// <summary>For stack walks and lookups.</summary>
    public int QuickThreads { get; init; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary>For reading and converting debug files.</summary>
    public int BuildThreads { get; init; } = Math.Max(1, Environment.ProcessorCount);

    /// <summary>Pieces of work that may wait per lane; more wait with their caller.</summary>
    public int QueueLength { get; init; } = 1024;

    /// <summary>Sum of the sizes of debug files that are converted at the same time. A larger single file is converted alone.</summary>
    public long BuildBytes { get; init; } = 4L << 30;

    public static CpuOptions Read(ConfigSection root)
    {
        var section = root.Section("cpu");
        var none = new CpuOptions();
        return new CpuOptions
        {
            QuickThreads = section.Integer("quick_threads", none.QuickThreads, 1, 1024),
            BuildThreads = section.Integer("build_threads", none.BuildThreads, 1, 1024),
            QueueLength = section.Integer("queue_length", none.QueueLength, 1),
            BuildBytes = section.Bytes("build_input_bytes", none.BuildBytes),
        };
    }
}
