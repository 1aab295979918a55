using System.Buffers.Binary;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pe;

/// <summary>
/// The export directory: names of functions. Forwarders point back into the directory; exports by ordinal alone have no
/// name; neither they nor exported data are given.
/// </summary>
internal sealed class PeExports
{
    private readonly PeImage _image;
    private readonly ParseLimits _limits;
    private readonly PeDirectoryEntry _directory;
    private readonly Section _functions;
    private readonly Section _names;
    private readonly Section _ordinals;

    public PeExports(PeImage image, ParseLimits limits, FaultLog faults)
    {
        _image = image;
        _limits = limits;
        _directory = image.DirectoryEntry(PeDirectory.Export);
        var directory = image.Directory(PeDirectory.Export);
        if (directory.IsEmpty)
        {
            return;
        }

        var reader = directory.ReaderAt(0, bigEndian: false);
        var header = PeExportHeader.Read(ref reader);
        if (!reader.Fault.IsNone)
        {
            faults.Add(reader.Fault, "exports");
            IsCut = true;
            return;
        }

        _functions = image.Slice(header.FunctionsRva, (ulong)header.FunctionCount * sizeof(uint));
        _names = image.Slice(header.NamesRva, (ulong)header.NameCount * sizeof(uint));
        _ordinals = image.Slice(header.OrdinalsRva, (ulong)header.NameCount * sizeof(ushort));
        long present = Math.Min(_names.Length / sizeof(uint), _ordinals.Length / sizeof(ushort));
        Count = Math.Min(present, limits.Symbols);
        if (Count < header.NameCount)
        {
            faults.Add(
                new ParseFault(present < header.NameCount ? MalformedReason.Truncated : MalformedReason.CountOverLimit, directory.Range.Offset),
                "exports");
            IsCut = true;
        }
    }

    /// <summary>Names.</summary>
    public long Count { get; }

    /// <summary>Functions and data, also those without a name.</summary>
    public long FunctionCount => Math.Min(_functions.Length / sizeof(uint), _limits.Symbols);

    /// <summary>There should be more names.</summary>
    public bool IsCut { get; }

    /// <summary>The address that a name stands for; false when it is no code of this image.</summary>
    public bool TryReadCode(long index, out ulong rva)
    {
        rva = 0;
        return _ordinals.TryWindow((ulong)index * sizeof(ushort), sizeof(ushort), out var ordinal)
            && TryReadFunction(BinaryPrimitives.ReadUInt16LittleEndian(ordinal), out rva);
    }

    /// <summary>The address of an entry, counted from the first ordinal; false when it is no code of this image.</summary>
    public bool TryReadFunction(long index, out ulong rva)
    {
        rva = 0;
        if (!_functions.TryWindow((ulong)index * sizeof(uint), sizeof(uint), out var function))
        {
            return false;
        }

        rva = BinaryPrimitives.ReadUInt32LittleEndian(function);
        return rva != 0 && (rva < _directory.Rva || rva - _directory.Rva >= _directory.Size) && _image.IsCode(rva);
    }

    /// <summary>Empty when it is not in the file.</summary>
    public ReadOnlySpan<byte> Name(long index, ref long budget)
    {
        if (!_names.TryWindow((ulong)index * sizeof(uint), sizeof(uint), out var pointer))
        {
            return default;
        }

        var name = _image.Slice(BinaryPrimitives.ReadUInt32LittleEndian(pointer), (ulong)_limits.StringBytes).From(0);
        int end = name.IndexOf((byte)0);
        name = end < 0 ? name : name[..end];
        budget -= name.Length;
        return name;
    }
}
