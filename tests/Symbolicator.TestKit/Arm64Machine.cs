using System.Globalization;
using System.Text.RegularExpressions;
using Symbolicator.Formats.Model;

namespace Symbolicator.TestKit;

/// <summary>
/// Executes the instructions of arm64 prologs and epilogs as text. What it was before them is what unwinding has to find at
/// each instruction.
/// </summary>
public sealed partial class Arm64Machine : IMemoryView
{
    public const ulong ReturnAddress = 0x1_4000_5678;
    public const ulong StackAtEntry = 0x7000_0000;

    // Bits 48 to 54, as pacibsp sets them for an address below bit 55.
    private const ulong Signature = 0x0055_0000_0000_0000;

    private readonly Dictionary<ulong, ulong> _memory = [];
    private readonly ulong[] _registers = new ulong[32];
    private readonly HashSet<int> _saved = [];
    private bool _hasFrame;

    public Arm64Machine()
    {
        for (int register = 0; register < 30; register++)
        {
            _registers[register] = EntryValue(register);
        }

        _registers[30] = ReturnAddress;
        _registers[31] = StackAtEntry;
    }

    /// <summary>What a register holds at the first instruction.</summary>
    public static ulong EntryValue(int register) => 0x5000_0000_0000 + ((ulong)register * 0x0101_0101);

    public ulong StackPointer => _registers[31];

    public RegisterState Registers(ulong pc)
    {
        var state = default(RegisterState);
        for (int register = 0; register < 32; register++)
        {
            state.Set(register, _registers[register]);
        }

        state.Set(32, pc);
        return state;
    }

    /// <summary>What code between prolog and epilog may do: change all that was saved, and move the stack when x29 marks the frame.</summary>
    public void RunBody()
    {
        foreach (int register in _saved)
        {
            if (register != 29 || !_hasFrame)
            {
                _registers[register] = 0xdead_0000_0000 + (ulong)register;
            }
        }

        if (_hasFrame)
        {
            _registers[31] -= 0x40;
        }
    }

    /// <summary>Undoes the moves of <see cref="RunBody"/> where the epilog relies on it.</summary>
    public void EndBody()
    {
        if (_hasFrame)
        {
            _registers[31] += 0x40;
        }
    }

    public void Execute(string instruction)
    {
        if (instruction is "nop" or "end" or "ret")
        {
            return;
        }

        if (instruction is "pacibsp" or "autibsp")
        {
            _registers[30] ^= Signature;
            return;
        }

        var transfer = Transfer().Match(instruction);
        if (transfer.Success)
        {
            Move(transfer);
            return;
        }

        var sum = Sum().Match(instruction);
        if (!sum.Success)
        {
            throw new ArgumentException($"not an instruction of this machine: {instruction}");
        }

        ulong amount = sum.Groups["n"].Success ? Number(sum.Groups["n"].Value) : 0;
        int target = Register(sum.Groups["d"].Value);
        ulong source = _registers[Register(sum.Groups["s"].Value)];
        _registers[target] = sum.Groups["op"].Value == "sub" ? source - amount : source + amount;
        _hasFrame |= target == 29;
    }

    public bool TryRead(ulong address, Span<byte> destination) => false;

    public bool TryReadUnsigned(ulong address, int size, out ulong value) => _memory.TryGetValue(address, out value);

    /// <summary>Puts a word into memory.</summary>
    public void Store(ulong address, ulong value) => _memory[address] = value;

    private void Move(Match match)
    {
        bool isStore = match.Groups["op"].Value.StartsWith("st", StringComparison.Ordinal);
        ulong offset = Number(match.Groups["in"].Value) + Number(match.Groups["after"].Value);
        bool isPost = match.Groups["after"].Success, isPre = match.Groups["pre"].Success;
        ulong at = isPost ? _registers[31] : _registers[31] + offset;
        string[] names = match.Groups["r"].Value.Split(", ");
        for (int i = 0; i < names.Length; i++)
        {
            ulong size = names[i][0] == 'q' ? 16u : 8u;
            if (names[i][0] is 'd' or 'q')
            {
                continue; // not part of what is compared
            }

            int register = Register(names[i]);
            ulong slot = at + ((ulong)i * size);
            if (isStore)
            {
                _memory[slot] = _registers[register];
                if (register >= 19)
                {
                    _saved.Add(register);
                }
            }
            else
            {
                _registers[register] = _memory[slot];
            }
        }

        if (isPre || isPost)
        {
            _registers[31] += offset;
        }
    }

    private static int Register(string name) => name switch
    {
        "sp" => 31,
        "lr" => 30,
        _ => int.Parse(name.AsSpan(1), CultureInfo.InvariantCulture),
    };

    private static ulong Number(string text) =>
        text.Length == 0 ? 0 : (ulong)long.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<op>stp|str|ldp|ldr) (?<r>[xdq]\d+(, (x|d|q)\d+)?|lr|x\d+, lr), \[sp(, #(?<in>-?\d+))?\](?<pre>!)?(, #(?<after>\d+))?$")]
    private static partial Regex Transfer();

    [GeneratedRegex(@"^(?<op>add|sub|mov) (?<d>sp|x29), (?<s>sp|x29)(, #(?<n>\d+))?$")]
    private static partial Regex Sum();
}
