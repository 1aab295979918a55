using System.Globalization;
using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.UnwindDriver;

// unwinddriver FILE LOAD_ADDRESS IMAGE_SIZE STACK_START STACK_SIZE DEPTH < states
//
// FILE is the image, or its PDB where that has the unwind information. States are lines of hexadecimal numbers:
//   b ADDRESS BYTES         memory that does not change
//   w ADDRESS VALUE SIZE    memory that the program wrote
//   s REGISTER...           where the program is: all registers in the order of the CPU's profile, - for unknown ones
// For each s one line: the registers of the callers, frame by frame, up to the first outside of the image; frames are
// separated by " | " and what cannot be unwound ends the line with the outcome.
if (args.Length != 6)
{
    Console.Error.WriteLine("unwinddriver FILE LOAD_ADDRESS IMAGE_SIZE STACK_START STACK_SIZE DEPTH < states");
    return 2;
}

ulong load = Hex(args[1]), size = Hex(args[2]);
int depth = int.Parse(args[5], CultureInfo.InvariantCulture);
var memory = new ProgramMemory(Hex(args[3]), (int)Hex(args[4]));
using var bytes = MappedFileBytes.Open(args[0]);
using var image = ObjectFormats.Open(bytes)[0];
var cpu = CpuProfile.For(image.Arch.Family())!;
var table = image.OpenUnwindTable();
if (table is null)
{
    Console.Error.WriteLine($"{args[0]}: no unwind information");
    return 1;
}

using var input = new StreamReader(Console.OpenStandardInput(), Encoding.ASCII, false, 1 << 16);
using var output = new StreamWriter(Console.OpenStandardOutput(), Encoding.ASCII, 1 << 16);
while (input.ReadLine() is { } line)
{
    string[] parts = line.Split(' ');
    switch (parts[0])
    {
        case "b":
            memory.Add(Hex(parts[1]), Convert.FromHexString(parts[2]));
            continue;
        case "w":
            memory.Write(Hex(parts[1]), Hex(parts[2]), (int)Hex(parts[3]));
            continue;
    }

    var registers = default(RegisterState);
    for (int i = 1; i < parts.Length; i++)
    {
        if (parts[i] != "-")
        {
            registers.Set(i - 1, Hex(parts[i]));
        }
    }

    output.WriteLine(Walk(registers));
}

return 0;

string Walk(RegisterState registers)
{
    var text = new StringBuilder();
    uint parameters = 0;
    bool exact = true;
    for (int frame = 0; frame < depth; frame++)
    {
        ulong pc = registers.GetOrZero(cpu.ProgramCounter);
        ulong lookup = exact ? pc : cpu.Family == CpuFamily.Arm64 ? (pc & ~3UL) - 4 : pc - 1;
        if (lookup - load >= size)
        {
            break;
        }

        text.Append(frame == 0 ? "" : " | ");
        var result = table.Step(new UnwindFrame(lookup - load, load, parameters, memory), registers, memory, out var caller);
        if (result.Outcome != UnwindOutcome.Stepped)
        {
            return text.Append(CultureInfo.InvariantCulture, $"{result.Outcome} {result.Fault}").ToString();
        }

        Print(text, caller);
        (registers, parameters, exact) = (caller, result.ParameterBytes, result.SignalFrame);
    }

    return text.ToString();
}

void Print(StringBuilder text, in RegisterState registers)
{
    for (int register = 0; register < cpu.RegisterNames.Count; register++)
    {
        text.Append(register == 0 ? "" : " ");
        if (registers.TryGet(register, out ulong value))
        {
            text.Append(CultureInfo.InvariantCulture, $"{value:x}");
        }
        else
        {
            text.Append('-');
        }
    }
}

static ulong Hex(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
