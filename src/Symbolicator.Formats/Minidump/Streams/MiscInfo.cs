using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>Facts of the process (MINIDUMP_MISC_INFO to MINIDUMP_MISC_INFO_5, told apart by size).</summary>
public sealed record MiscInfo
{
    /// <summary>Null when not stated, as the other members.</summary>
    public uint? ProcessId { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public uint? ProcessCreateTime { get; init; }

    /// <summary>Seconds of processor time in user mode.</summary>
    public uint? ProcessUserTime { get; init; }

    /// <summary>Seconds of processor time in the kernel.</summary>
    public uint? ProcessKernelTime { get; init; }

    /// <summary>Build of the system (MINIDUMP_MISC_INFO_4), empty when the structure is too old.</summary>
    public string BuildString { get; init; } = "";

    internal static MiscInfo Read(ref ByteReader reader, MinidumpSource source)
    {
        const int BuildStringOffset = 232;
        const int BuildStringBytes = 260 * 2;

        reader.Skip(4); // SizeOfInfo
        uint flags = reader.ReadU32();
        uint id = reader.ReadU32();
        uint created = reader.ReadU32();
        uint user = reader.ReadU32();
        uint kernel = reader.ReadU32();
        string build = "";
        if (reader.Remaining >= BuildStringOffset + BuildStringBytes - reader.Position)
        {
            reader.Seek(BuildStringOffset);
            build = source.DecodeUtf16(reader.ReadBytes(BuildStringBytes));
        }

        bool times = (flags & 2) != 0; // MINIDUMP_MISC1_PROCESS_TIMES
        return new MiscInfo
        {
            ProcessId = (flags & 1) != 0 ? id : null, // MINIDUMP_MISC1_PROCESS_ID
            ProcessCreateTime = times ? created : null,
            ProcessUserTime = times ? user : null,
            ProcessKernelTime = times ? kernel : null,
            BuildString = build,
        };
    }
}
