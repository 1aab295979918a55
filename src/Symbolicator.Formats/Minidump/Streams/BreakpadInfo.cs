using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>Which threads took part in writing the dump (MDRawBreakpadInfo).</summary>
/// <param name="DumpThreadId">The thread that wrote the dump, null when not stated.</param>
/// <param name="RequestingThreadId">The thread that asked for it, null when not stated.</param>
public sealed record BreakpadInfo(uint? DumpThreadId, uint? RequestingThreadId)
{
    internal static BreakpadInfo Read(ref ByteReader reader, MinidumpSource source)
    {
        uint validity = reader.ReadU32();
        uint dump = reader.ReadU32();
        uint requesting = reader.ReadU32();
        return new BreakpadInfo(
            (validity & 1) != 0 ? dump : null, // MD_BREAKPAD_INFO_VALID_DUMP_THREAD_ID
            (validity & 2) != 0 ? requesting : null); // MD_BREAKPAD_INFO_VALID_REQUESTING_THREAD_ID
    }
}
