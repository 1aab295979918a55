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

    private readonly PeImage _image;
    private readonly CpuProfile _cpu;
    private readonly long _recordsOffset;

    // Start in the upper half, second word of the record in the lower one; ascending.
    private readonly ulong[] _records;

    private Arm64UnwindTable(PeImage image, CpuProfile cpu, long recordsOffset, ulong[] records)
    {
        _image = image;
        _cpu = cpu;
        _recordsOffset = recordsOffset;
        _records = records;
    }

    public bool IsEmpty => _records.Length == 0;

    public long EstimatedBytes => (long)_records.Length * sizeof(ulong);

    /// <summary>Null without any record. The image must stay readable as long as the table is in use.</summary>
    public static Arm64UnwindTable? Open(PeImage image, ParseLimits limits, FaultLog faults)
    {
        var section = image.Directory(PeDirectory.Exception);
        var bytes = section.From(0);
        int count = bytes.Length / RecordBytes;
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
            : new Arm64UnwindTable(image, cpu, section.Range.Offset, records);
    }

    public bool Covers(ulong rva) => TryFind(rva, out _);

    public ulong EndAt(ulong rva)
    {
        int index = LastStartingAtOrBefore(rva);
        ulong end = index < 0 ? 0 : StartOf(_records[index]) + LengthOf(_records[index]);
        ulong next = index + 1 < _records.Length ? StartOf(_records[index + 1]) : ulong.MaxValue;
        return rva < end ? Math.Min(end, next) : next;
    }

    public bool TryReadCode(ulong rva, Span<byte> destination)
    {
        if (!_image.IsCode(rva) || !_image.TryRead(rva, destination.Length, out var code))
        {
            return false;
        }

        code.CopyTo(destination);
        return true;
    }

    public UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        var execution = new Arm64Execution(callee, _cpu, memory);
        if (!TryFind(frame.LookupRva, out ulong record))
        {
            // Code without a record neither moves the stack pointer nor saves anything, which makes its link register
            // the return address; but nothing that called somebody can be without one.
            return callee.TryGet(_cpu.ProgramCounter, out ulong pc) && pc == unchecked(frame.LoadAddress + frame.LookupRva)
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

    /// <summary>The record that covers an address. One that cannot be read covers all up to the next.</summary>
    private bool TryFind(ulong rva, out ulong record)
    {
        int index = LastStartingAtOrBefore(rva);
        record = index < 0 ? 0 : _records[index];
        return index >= 0 && rva - StartOf(record) < LengthOf(record);
    }

    private int LastStartingAtOrBefore(ulong rva)
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

        return low - 1;
    }

    private uint LengthOf(ulong record)
    {
        uint word = unchecked((uint)record);
        switch ((Arm64RecordKind)(word & KindMask))
        {
            case Arm64RecordKind.Packed or Arm64RecordKind.PackedFragment:
                return new Arm64PackedUnwind(word).Length;
            case Arm64RecordKind.Xdata when TryMap(word, out var xdata, out _) && Arm64Function.TryReadLength(xdata, out uint stated):
                return stated;
            default:
                return uint.MaxValue;
        }
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
