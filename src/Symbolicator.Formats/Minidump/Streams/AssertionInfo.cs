using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>A failed assertion of the run-time library (MDRawAssertionInfo).</summary>
public sealed record AssertionInfo(string Expression, string Function, string File, uint Line, uint Kind)
{
    private const int FieldBytes = 128 * 2;

    internal static AssertionInfo Read(ref ByteReader reader, MinidumpSource source)
    {
        string expression = source.DecodeUtf16(reader.ReadBytes(FieldBytes));
        string function = source.DecodeUtf16(reader.ReadBytes(FieldBytes));
        string file = source.DecodeUtf16(reader.ReadBytes(FieldBytes));
        return new AssertionInfo(expression, function, file, reader.ReadU32(), reader.ReadU32());
    }
}
