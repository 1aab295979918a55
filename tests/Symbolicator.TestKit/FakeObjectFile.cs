using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.TestKit;

/// <summary>An object file made of plain values, for what consumes sessions.</summary>
public sealed class FakeObjectFile : IObjectFile
{
    public FileFormat Format { get; set; } = FileFormat.Elf;

    public ObjectKind Kind { get; set; } = ObjectKind.Debug;

    public Arch Arch { get; set; } = Arch.Amd64;

    public CodeId? CodeId { get; set; }

    public DebugId? DebugId { get; set; }

    public string? Name { get; set; }

    public ulong ImageBase { get; set; }

    public ulong ImageSize { get; set; }

    public ObjectFeatures Features { get; set; } = ObjectFeatures.Symbols | ObjectFeatures.DebugInfo;

    public bool IsMalformed => false;

    public FaultLog Faults { get; } = new();

    public IReadOnlyList<ObjectLink> Links => [];

    public List<FakeFunction> Functions { get; } = [];

    public List<FakeSymbol> Symbols { get; } = [];

    public ISymbolCursor OpenSymbols(InternPool names) => new Cursor(this, names);

    public IDebugSession OpenDebugSession(InternPool names) => new Session(this, names);

    public IUnwindTable? OpenUnwindTable() => null;

    public void Dispose()
    {
        // Nothing is held.
    }

    private static FileRef File(InternPool names, string? file)
    {
        if (file is null)
        {
            return default;
        }

        int slash = file.LastIndexOf('/');
        return names.InternFile(new FilePath(
            default, Text(names, slash < 0 ? "" : slash == 0 ? "/" : file[..slash]), Text(names, file[(slash + 1)..])));
    }

    private static StringRef Text(InternPool names, string? text) => names.Intern(Encoding.UTF8.GetBytes(text ?? ""));

    private sealed class Cursor(FakeObjectFile file, InternPool names) : ISymbolCursor
    {
        private int _next;

        public bool TryReadNext(out PublicSymbol symbol)
        {
            symbol = default;
            if (_next == file.Symbols.Count)
            {
                return false;
            }

            var fake = file.Symbols[_next++];
            symbol = new PublicSymbol(fake.Address, fake.Size, Text(names, fake.Name), fake.Limit);
            return true;
        }
    }

    private sealed class Session(FakeObjectFile file, InternPool names) : IDebugSession
    {
        private int _next;

        public bool TryReadNext(FunctionBuffer into)
        {
            into.Clear();
            if (_next == file.Functions.Count)
            {
                return false;
            }

            var fake = file.Functions[_next++];
            into.Name = Text(names, fake.Name);
            into.Language = fake.Language;
            into.Ranges.AddRange(fake.Ranges);
            foreach (var (address, path, line) in fake.Lines)
            {
                into.Lines.Add(new LineRow(address, File(names, path), line));
            }

            foreach (var site in fake.Inlines)
            {
                into.Inlines.Add(new InlineSite(
                    site.Depth, Text(names, site.Name), fake.Language, File(names, site.CallFile), site.CallLine,
                    into.InlineRanges.Count, site.Ranges.Length));
                into.InlineRanges.AddRange(site.Ranges);
            }

            return true;
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}

/// <summary>A function of a <see cref="FakeObjectFile"/>; a null name stands for lines without a function.</summary>
public sealed record FakeFunction(string? Name, params AddressRange[] Ranges)
{
    public SourceLanguage Language { get; init; } = SourceLanguage.Cpp;

    public (ulong Address, string? File, uint Line)[] Lines { get; init; } = [];

    public FakeInline[] Inlines { get; init; } = [];
}

/// <summary>An inlined call of a <see cref="FakeFunction"/>, in pre-order.</summary>
public sealed record FakeInline(int Depth, string? Name, string? CallFile, uint CallLine, params AddressRange[] Ranges);

/// <summary>A symbol of a <see cref="FakeObjectFile"/>.</summary>
public sealed record FakeSymbol(ulong Address, ulong Size, string Name, ulong Limit = 0);
