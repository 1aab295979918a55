using System.Buffers.Binary;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>
/// The records of <c>.pdata</c>, searched in the mapped file. Linkers sort them; only where one did not, an index of
/// their order is made. Immutable.
/// </summary>
internal sealed class Amd64Functions
{
    /// <summary>Links followed from a record to its function; Windows follows as many.</summary>
    public const int MaxChain = 32; // UNWIND_CHAIN_LIMIT

    /// <summary>Records looked at to find the end of a function.</summary>
    private const int MaxParts = 64;

    private readonly PeImage _image;
    private readonly Section _records;
    private readonly int[]? _order;

    private Amd64Functions(PeImage image, Section records, int count, int[]? order, bool isComplete)
    {
        _image = image;
        _records = records;
        Count = count;
        _order = order;
        IsComplete = isComplete;
    }

    public int Count { get; }

    /// <summary>False where records are missing: code of which nothing is said may belong to one of them.</summary>
    public bool IsComplete { get; }

    public long EstimatedBytes => (_order?.Length ?? 0) * (long)sizeof(int);

    /// <summary>Null without a record whose unwind data is in the file, as in debug companions and packed images.</summary>
    public static Amd64Functions? Open(PeImage image, ParseLimits limits, FaultLog faults)
    {
        var records = image.Directory(PeDirectory.Exception);
        long stated = records.Length / RuntimeFunction.Size;
        int count = (int)Math.Min(Math.Min(stated, limits.UnwindEntries), int.MaxValue / RuntimeFunction.Size);
        if (count < stated)
        {
            faults.Add(new ParseFault(MalformedReason.CountOverLimit, records.Range.Offset), "function table");
        }

        bool isSorted = true;
        int used = 0;
        uint before = 0;
        if (count == 0 || !records.TryWindow(0, (ulong)count * RuntimeFunction.Size, out var bytes))
        {
            return null;
        }

        for (int i = 0; i < count; i++)
        {
            uint begin = BeginOf(bytes, i);
            if (begin == 0)
            {
                continue; // padding, at the end or between
            }

            isSorted &= begin >= before && used == i;
            before = begin;
            used++;
        }

        bool isComplete = count >= image.DirectoryEntry(PeDirectory.Exception).Size / RuntimeFunction.Size;
        var functions = new Amd64Functions(image, records, used, isSorted ? null : Order(bytes, count, used), isComplete);
        return functions.HasUnwindData() ? functions : null;
    }

    /// <summary>The record of an address.</summary>
    public bool TryFind(ulong rva, out RuntimeFunction function)
    {
        int index = LastBeginningAtOrBefore(rva);
        function = index < 0 ? default : Get(index);
        return index >= 0 && rva < function.End;
    }

    /// <inheritdoc cref="IFunctionEnds.EndAt"/>
    public ulong EndAt(ulong rva, ulong limit)
    {
        int index = LastBeginningAtOrBefore(rva);
        var function = index < 0 ? default : Get(index);
        if (index < 0 || rva >= function.End)
        {
            return index + 1 < Count ? Get(index + 1).Begin : ulong.MaxValue;
        }

        // The parts of a function that follow each other are chained to its first one.
        if (!TryFindPrimary(function, out uint primary))
        {
            return function.End;
        }

        for (int part = 0; part < MaxParts && function.End < limit && ++index < Count; part++)
        {
            var next = Get(index);
            if (next.Begin != function.End || next.End <= next.Begin || !TryFindPrimary(next, out uint other) || other != primary)
            {
                break;
            }

            function = next;
        }

        return function.End;
    }

    /// <summary>Start of the function that a record is a part of: its own or the one at the end of the chain.</summary>
    public bool TryFindPrimary(RuntimeFunction function, out uint begin)
    {
        for (int links = 0; links <= MaxChain; links++)
        {
            if (!TryResolve(ref function) || !Amd64UnwindInfo.TryRead(_image, function.Target, out var info, out _))
            {
                break;
            }

            if (!info.IsChained)
            {
                begin = function.Begin;
                return true;
            }

            function = info.Chained;
        }

        begin = 0;
        return false;
    }

    /// <summary>Replaces a record by the one that it refers to; false when that is none or, as Windows has it, refers to another.</summary>
    public bool TryResolve(ref RuntimeFunction function)
    {
        if (function.IsIndirect && _image.TryRead(function.Target, RuntimeFunction.Size, out var bytes))
        {
            function = RuntimeFunction.Read(bytes);
        }

        return !function.IsIndirect;
    }

    private RuntimeFunction Get(int index)
    {
        int record = _order is null ? index : _order[index];
        _records.TryWindow((ulong)record * RuntimeFunction.Size, RuntimeFunction.Size, out var bytes);
        return RuntimeFunction.Read(bytes);
    }

    private int LastBeginningAtOrBefore(ulong rva)
    {
        var bytes = _records.From(0);
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (BeginOf(bytes, _order is null ? middle : _order[middle]) <= rva)
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

    /// <summary>Some of the records, spread evenly, decide for all.</summary>
    private bool HasUnwindData()
    {
        const int Samples = 16;
        int step = Math.Max(1, Count / Samples);
        for (int i = 0; i < Count; i += step)
        {
            if (_image.TryRead(Get(i).Target, sizeof(uint), out _))
            {
                return true;
            }
        }

        return false;
    }

    private static int[] Order(ReadOnlySpan<byte> bytes, int count, int used)
    {
        var keys = new uint[used];
        int[] order = new int[used];
        for (int i = 0, at = 0; i < count; i++)
        {
            uint begin = BeginOf(bytes, i);
            if (begin != 0)
            {
                keys[at] = begin;
                order[at++] = i;
            }
        }

        Array.Sort(keys, order);
        return order;
    }

    private static uint BeginOf(ReadOnlySpan<byte> records, int record) =>
        BinaryPrimitives.ReadUInt32LittleEndian(records[(record * RuntimeFunction.Size)..]);
}
