using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>What Crashpad adds (MinidumpCrashpadInfo of minidump_extensions.h).</summary>
public sealed class CrashpadInfo
{
    public required Guid ReportId { get; init; }

    public required Guid ClientId { get; init; }

    /// <summary>Annotations of the whole process, in the order of the file; names may repeat.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Annotations { get; init; }

    public required IReadOnlyList<CrashpadModule> Modules { get; init; }

    /// <summary>Bits of an address that count, the others hold pointer authentication codes; 0 when not stated.</summary>
    public required ulong AddressMask { get; init; }

    internal static CrashpadInfo Read(ref ByteReader reader, MinidumpSource source)
    {
        if (reader.ReadU32() == 0)
        {
            reader.Fail(MalformedReason.BadVersion);
        }

        var report = ReadGuid(ref reader);
        var client = ReadGuid(ref reader);
        var annotations = Location.Read(ref reader);
        var modules = Location.Read(ref reader);
        ulong mask = 0;
        if (reader.Remaining >= 12)
        {
            reader.Skip(4); // reserved
            mask = reader.ReadU64();
        }

        bool usable = reader.Fault.IsNone;
        return new CrashpadInfo
        {
            ReportId = report,
            ClientId = client,
            Annotations = usable ? ReadDictionary(annotations, source) : [],
            Modules = usable ? ReadModules(modules, source) : [],
            AddressMask = mask,
        };
    }

    private static Guid ReadGuid(ref ByteReader reader)
    {
        bool bigEndian = reader.BigEndian;
        var bytes = reader.ReadBytes(16);
        return bytes.IsEmpty ? default : new Guid(bytes, bigEndian);
    }

    /// <summary>MinidumpModuleCrashpadInfoList.</summary>
    private static List<CrashpadModule> ReadModules(in Location location, MinidumpSource source)
    {
        const int LinkSize = 12;
        const string What = "Crashpad module list";
        var modules = new List<CrashpadModule>();
        if (location.IsEmpty || !TryOpen(location, source, What, out var reader))
        {
            return modules;
        }

        int count = reader.ReadCount(LinkSize, source.Limits.Modules);
        for (int i = 0; i < count; i++)
        {
            uint index = reader.ReadU32();
            var module = Location.Read(ref reader);
            if (!source.TryCharge(MinidumpSource.RecordCost))
            {
                reader.Fail(MalformedReason.SizeOverLimit);
                break;
            }

            if (ReadModule(index, module, source) is { } read)
            {
                modules.Add(read);
            }
        }

        NoteFault(reader, source, What);
        return modules;
    }

    /// <summary>MinidumpModuleCrashpadInfo.</summary>
    private static CrashpadModule? ReadModule(uint index, in Location location, MinidumpSource source)
    {
        const string What = "Crashpad module";
        if (location.IsEmpty || !TryOpen(location, source, What, out var reader))
        {
            return null;
        }

        reader.Skip(4); // version
        var list = Location.Read(ref reader);
        var simple = Location.Read(ref reader);
        var objects = Location.Read(ref reader);
        if (!reader.Fault.IsNone)
        {
            NoteFault(reader, source, What);
            return null;
        }

        return new CrashpadModule(
            index, ReadTexts(list, source), ReadDictionary(simple, source), ReadObjects(objects, source));
    }

    /// <summary>MinidumpSimpleStringDictionary.</summary>
    private static List<KeyValuePair<string, string>> ReadDictionary(in Location location, MinidumpSource source)
    {
        const int EntrySize = 8;
        const string What = "Crashpad annotations";
        var pairs = new List<KeyValuePair<string, string>>();
        if (location.IsEmpty || !TryOpen(location, source, What, out var reader))
        {
            return pairs;
        }

        int count = reader.ReadCount(EntrySize, source.Limits.Annotations);
        for (int i = 0; i < count; i++)
        {
            uint name = reader.ReadU32();
            uint value = reader.ReadU32();
            if (source.ReadUtf8(name, What) is not { } nameText || source.ReadUtf8(value, What) is not { } valueText)
            {
                if (source.TextExhausted)
                {
                    break;
                }

                continue;
            }

            pairs.Add(new(nameText, valueText));
        }

        NoteFault(reader, source, What);
        return pairs;
    }

    /// <summary>MinidumpRVAList of texts.</summary>
    private static List<string> ReadTexts(in Location location, MinidumpSource source)
    {
        const string What = "Crashpad list annotations";
        var texts = new List<string>();
        if (location.IsEmpty || !TryOpen(location, source, What, out var reader))
        {
            return texts;
        }

        int count = reader.ReadCount(sizeof(uint), source.Limits.Annotations);
        for (int i = 0; i < count && !source.TextExhausted; i++)
        {
            if (source.ReadUtf8(reader.ReadU32(), What) is { } text)
            {
                texts.Add(text);
            }
        }

        NoteFault(reader, source, What);
        return texts;
    }

    /// <summary>MinidumpAnnotationList; only values of type string have a meaning of their own.</summary>
    private static List<KeyValuePair<string, string>> ReadObjects(in Location location, MinidumpSource source)
    {
        const int EntrySize = 12;
        const ushort StringType = 1; // Annotation::Type::kString
        const string What = "Crashpad annotation objects";
        var pairs = new List<KeyValuePair<string, string>>();
        if (location.IsEmpty || !TryOpen(location, source, What, out var reader))
        {
            return pairs;
        }

        int count = reader.ReadCount(EntrySize, source.Limits.Annotations);
        for (int i = 0; i < count && !source.TextExhausted; i++)
        {
            uint name = reader.ReadU32();
            ushort type = reader.ReadU16();
            reader.Skip(2); // reserved
            uint value = reader.ReadU32();
            if (type != StringType)
            {
                source.TryCharge(MinidumpSource.RecordCost); // many modules may share this list
            }
            else if (source.ReadUtf8(name, What) is { } nameText && source.ReadUtf8(value, What) is { } valueText)
            {
                pairs.Add(new(nameText, valueText));
            }
        }

        NoteFault(reader, source, What);
        return pairs;
    }

    private static bool TryOpen(in Location location, MinidumpSource source, string what, out ByteReader reader)
    {
        if (source.TryReader(location, out reader))
        {
            return true;
        }

        source.Faults.Add(new ParseFault(MalformedReason.OutOfRange, source.FaultOffset(location.Rva)), what);
        return false;
    }

    private static void NoteFault(in ByteReader reader, MinidumpSource source, string what)
    {
        if (!reader.Fault.IsNone)
        {
            source.Faults.Add(reader.Fault, what);
        }
    }
}

/// <summary>Annotations of one module.</summary>
/// <param name="ModuleIndex">Position in the module list of the file, <see cref="MinidumpModule.ListIndex"/>.</param>
/// <param name="Texts">Annotations without a name.</param>
/// <param name="Annotations">Named ones of the old kind.</param>
/// <param name="Objects">Named ones of the new kind that are strings.</param>
public sealed record CrashpadModule(
    uint ModuleIndex, IReadOnlyList<string> Texts, IReadOnlyList<KeyValuePair<string, string>> Annotations,
    IReadOnlyList<KeyValuePair<string, string>> Objects);
