using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>
/// Unwinds arm64 code of Windows by its .pdata and .xdata (Microsoft, "ARM64 exception handling"). The records are kept
/// sorted; everything else is read again for each step. Return addresses are handed out without their signature.
/// </summary>
internal sealed class Arm64UnwindTable : IUnwindTable, ICodeView, IFunctionEnds
{
    private const int RecordBytes = 8;
    private const uint KindMask = 3;

    /// <summary>Records looked at to find the end of a function.</summary>
    private const int MaxFragments = 64;

    private readonly PeImage _image;
    private readonly CpuProfile _cpu;
    private readonly long _recordsOffset;

    // Start in the upper half, second word of the record in the lower one; ascending.
    private readonly ulong[] _records;

    // False where records are missing: code of which nothing is said may belong to one of them.
    private readonly bool _isComplete;

    private Arm64UnwindTable(PeImage image, CpuProfile cpu, long recordsOffset, ulong[] records, bool isComplete)
    {
        _image = image;
        _cpu = cpu;
        _recordsOffset = recordsOffset;
        _records = records;
        _isComplete = isComplete;
    }

    public bool IsEmpty => _records.Length == 0;

    public CpuFamily Cpu => _cpu.Family;

    public long EstimatedBytes => (long)_records.Length * sizeof(ulong);

    /// <summary>Null without any record. The image must stay readable as long as the table is in use.</summary>
    public static Arm64UnwindTable? Open(PeImage image, ParseLimits limits, FaultLog faults)
    {
        var section = image.Directory(PeDirectory.Exception);
        var bytes = section.From(0);
        int count = bytes.Length / RecordBytes;
        uint stated = image.DirectoryEntry(PeDirectory.Exception).Size / RecordBytes;
        if (count > limits.UnwindEntries)
        {
            faults.Add(new ParseFault(MalformedReason.CountOverLimit, section.Range.Offset), ".pdata");
            count = limits.UnwindEntries;
        }

        var records = new ulong[count];
        int used = 0;
        bool sorted = true;
        for (int i = 0; i < count; i++)
        {
            var record = bytes.Slice(i * RecordBytes, RecordBytes);
            ulong start = BinaryPrimitives.ReadUInt32LittleEndian(record);
            if (start == 0)
            {
                continue; // linkers reserve room that they do not use
            }

            ulong packed = start << 32 | BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);
            sorted &= used == 0 || records[used - 1] < packed;
            records[used++] = packed;
        }

        Array.Resize(ref records, used);
        if (!sorted)
        {
            Array.Sort(records);
        }

        return used == 0 || CpuProfile.For(CpuFamily.Arm64) is not { } cpu
            ? null
            : new Arm64UnwindTable(image, cpu, section.Range.Offset, records, count >= stated);
    }

    public bool Covers(ulong rva) => TryFind(rva, out _);

    public ulong EndAt(ulong rva, ulong limit = ulong.MaxValue)
    {
        int next = IndexAbove(rva);
        ulong end = next > 0 ? EndOf(next - 1) : 0;
        if (end <= rva)
        {
            return StartAt(next);
        }

        // Functions of more than 1 MiB are cut; what is cut off follows.
        int last = Math.Min(_records.Length, next + MaxFragments);
        while (next < last && end < limit && StartAt(next) == end && IsFragment(_records[next]))
        {
            end = Math.Max(end, EndOf(next++));
        }

        return end;
    }

    public bool TryReadCode(ulong rva, Span<byte> destination) => _image.TryReadCode(rva, destination);

    public UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        var execution = new Arm64Execution(callee, _cpu, memory);
        if (!TryFind(frame.LookupRva, out ulong record))
        {
            // Code without a record neither moves the stack pointer nor saves anything, which makes its link register
            // the return address; but nothing that called somebody can be without one.
            return _isComplete && callee.TryGet(_cpu.ProgramCounter, out ulong pc) && pc == unchecked(frame.LoadAddress + frame.LookupRva)
                && _image.IsCode(frame.LookupRva)
                ? Result(execution, MalformedReason.None, 0, out caller)
                : new UnwindResult(UnwindOutcome.NotCovered);
        }

        Span<byte> buffer = stackalloc byte[Arm64PackedUnwind.MaxCodeBytes];
        var function = Read(record, buffer, out var fault);
        if (!fault.IsNone)
        {
            return new UnwindResult(UnwindOutcome.Failed, Fault: fault);
        }

        int first = function.FirstCode((uint)(frame.LookupRva - StartOf(record)));
        var reason = first < 0 ? MalformedReason.BadValue : execution.Run(function.Codes, first);
        return Result(execution, reason, function.CodesOffset, out caller);
    }

    public UnwindDescription? Describe(ulong rva)
    {
        if (!TryFind(rva, out ulong record))
        {
            return null;
        }

        Span<byte> buffer = stackalloc byte[Arm64PackedUnwind.MaxCodeBytes];
        var function = Read(record, buffer, out var fault);
        return fault.IsNone && Arm64Describer.Describe(function.Codes, _cpu) is { } rules
            ? new UnwindDescription(StartOf(record), function.Length, rules, [])
            : null;
    }

    private static UnwindResult Result(Arm64Execution execution, MalformedReason reason, long at, out RegisterState caller)
    {
        var finish = execution.Finish(out caller);
        reason = reason == MalformedReason.None ? finish : reason;
        return reason == MalformedReason.None
            ? new UnwindResult(UnwindOutcome.Stepped, execution.IsExact)
            : new UnwindResult(UnwindOutcome.Failed, Fault: new ParseFault(reason, at));
    }

    private static ulong StartOf(ulong record) => record >> 32;

    /// <summary>The record that covers an address.</summary>
    private bool TryFind(ulong rva, out ulong record)
    {
        int above = IndexAbove(rva);
        record = above > 0 ? _records[above - 1] : 0;
        return above > 0 && rva < EndOf(above - 1);
    }

    /// <summary>Index of the first record that starts above an address.</summary>
    private int IndexAbove(ulong rva)
    {
        int low = 0;
        int high = _records.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (StartOf(_records[middle]) <= rva)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private ulong StartAt(int index) => index < _records.Length ? StartOf(_records[index]) : ulong.MaxValue;

    /// <summary>End of what a record covers: up to the next one when it cannot be read, as its code may have saved anything.</summary>
    private ulong EndOf(int index)
    {
        uint word = unchecked((uint)_records[index]);
        ulong next = StartAt(index + 1);
        return (Arm64RecordKind)(word & KindMask) switch
        {
            Arm64RecordKind.Packed or Arm64RecordKind.PackedFragment =>
                Math.Min(next, StartAt(index) + new Arm64PackedUnwind(word).Length),
            Arm64RecordKind.Xdata when TryMap(word, out var xdata, out _) && Arm64Function.TryReadLength(xdata, out uint length) =>
                Math.Min(next, StartAt(index) + length),
            _ => next,
        };
    }

    private bool IsFragment(ulong record)
    {
        Span<byte> buffer = stackalloc byte[Arm64PackedUnwind.MaxCodeBytes];
        return Read(record, buffer, out var fault).IsFragment && fault.IsNone;
    }

    private Arm64Function Read(ulong record, Span<byte> buffer, out ParseFault fault)
    {
        uint word = unchecked((uint)record);
        switch ((Arm64RecordKind)(word & KindMask))
        {
            case Arm64RecordKind.Packed or Arm64RecordKind.PackedFragment:
                return Arm64Function.Expand(new Arm64PackedUnwind(word), buffer, _recordsOffset, out fault);
            case Arm64RecordKind.Xdata when TryMap(word, out var xdata, out long offset):
                return Arm64Function.Read(xdata, offset, out fault);
            case Arm64RecordKind.Xdata:
                fault = new ParseFault(MalformedReason.OutOfRange, _recordsOffset);
                return default;
            default:
                fault = new ParseFault(MalformedReason.BadValue, _recordsOffset);
                return default;
        }
    }

    private bool TryMap(uint rva, out ReadOnlySpan<byte> bytes, out long offset)
    {
        bytes = default;
        bool mapped = _image.TryMap(rva, out var range);
        offset = range.Offset;
        return mapped && _image.File.TrySlice(range with { Length = Math.Min(range.Length, Arm64Function.MaxBytes) }, out bytes);
    }
}
