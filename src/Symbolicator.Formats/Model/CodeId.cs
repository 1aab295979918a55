namespace Symbolicator.Formats.Model;

/// <summary>
/// Identity of a code file, lower-case hex: the whole build id (ELF, Wasm), the UUID (Mach-O), or timestamp and image
/// size (PE). Never empty.
/// </summary>
public readonly record struct CodeId
{
    private readonly string? _hex;

    private CodeId(string hex) => _hex = hex;

    public string Hex => _hex ?? "";

    /// <summary>Null for an empty or all-zero id.</summary>
    public static CodeId? FromBytes(ReadOnlySpan<byte> id) =>
        id.ContainsAnyExcept((byte)0) ? new CodeId(Convert.ToHexStringLower(id)) : null;

    /// <summary>The PE form: timestamp in 8 digits, size of the image without padding.</summary>
    public static CodeId FromPe(uint timestamp, uint sizeOfImage) => new($"{timestamp:x8}{sizeOfImage:x}");

    /// <summary>Keeps the hex digits of any text, lower-cased; null when there are none.</summary>
    public static CodeId? Parse(string? text)
    {
        if (text is null)
        {
            return null;
        }

        string hex = string.Concat(text.Where(char.IsAsciiHexDigit)).ToLowerInvariant();
        return hex.Length == 0 ? null : new CodeId(hex);
    }

    public override string ToString() => Hex;
}
