using System.Text;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>A frame that the crashing process walked itself.</summary>
/// <param name="Address">Program counter or return address.</param>
/// <param name="Symbol">Name as the process knew it, possibly empty.</param>
public readonly record struct PrewalkedFrame(ulong Address, string Symbol);

/// <summary>
/// Stacks walked by the crashing process: header, threads, padding to eight bytes, frames, symbol bytes. The lengths
/// must add up exactly.
/// </summary>
internal static class PrewalkedStackList
{
    private const uint Version = 1;
    private const int ThreadSize = 12;
    private const int FrameSize = 16;

    /// <summary>Frames by thread, innermost first; threads without frames are left out.</summary>
    public static Dictionary<uint, IReadOnlyList<PrewalkedFrame>> Read(ref ByteReader reader, MinidumpSource source)
    {
        var stacks = new Dictionary<uint, IReadOnlyList<PrewalkedFrame>>();
        if (reader.ReadU32() != Version)
        {
            reader.Fail(MalformedReason.BadVersion);
            return stacks;
        }

        uint threadCount = reader.ReadU32();
        uint frameCount = reader.ReadU32();
        uint symbolBytes = reader.ReadU32();
        int threads = reader.CheckCount(threadCount, ThreadSize, source.Limits.Threads);
        var threadTable = reader;
        reader.Skip((ulong)threads * ThreadSize);
        reader.AlignTo(8);
        int frames = reader.CheckCount(frameCount, FrameSize, int.MaxValue);
        var frameTable = reader.ReadBytes((ulong)frames * FrameSize);
        if (!reader.Fault.IsNone || reader.Remaining != symbolBytes)
        {
            reader.Fail(MalformedReason.BadValue);
            return stacks;
        }

        var symbols = reader.ReadBytes(symbolBytes);
        for (int i = 0; i < threads; i++)
        {
            uint thread = threadTable.ReadU32();
            uint first = threadTable.ReadU32();
            uint count = threadTable.ReadU32();
            if (first > (uint)frames || count > (uint)frames - first)
            {
                reader.Fail(MalformedReason.OutOfRange);
                return stacks;
            }

            int kept = (int)Math.Min(count, (uint)source.Limits.FramesPerThread);
            var table = new ByteReader(frameTable.Slice((int)first * FrameSize, kept * FrameSize), source.BigEndian);
            var list = ReadFrames(ref table, kept, symbols, source);
            if (!table.Fault.IsNone)
            {
                reader.Fail(table.Fault.Reason);
                return stacks;
            }

            if (kept > 0)
            {
                stacks.TryAdd(thread, list);
            }
        }

        return stacks;
    }

    private static List<PrewalkedFrame> ReadFrames(
        ref ByteReader table, int count, ReadOnlySpan<byte> symbols, MinidumpSource source)
    {
        var frames = new List<PrewalkedFrame>(count);
        for (int i = 0; i < count; i++)
        {
            ulong address = table.ReadU64();
            uint offset = table.ReadU32();
            uint length = table.ReadU32();
            if (offset > (uint)symbols.Length || length > (uint)symbols.Length - offset)
            {
                table.Fail(MalformedReason.OutOfRange);
            }
            else if (!source.TryCharge(MinidumpSource.RecordCost + Math.Min((int)length, source.Limits.StringBytes)))
            {
                table.Fail(MalformedReason.SizeOverLimit);
            }

            if (!table.Fault.IsNone)
            {
                return frames;
            }

            int kept = Math.Min((int)length, source.Limits.StringBytes);
            frames.Add(new PrewalkedFrame(address, Encoding.UTF8.GetString(symbols.Slice((int)offset, kept))));
        }

        return frames;
    }
}
