/**
 * Eight seconds of AAC-LC, 48 kHz, mono: a beep of 80 ms at each full second, which then begins at each of the eight
 * places in a frame that it ever can. 375 frames that may follow each other for ever. Made by
 *
 *   ffmpeg -f lavfi -i "aevalsrc='0.3*sin(2000*PI*t)*lt(mod(t,1),0.08)*min(1,min(mod(t,1),0.08-mod(t,1))*500)':s=48000:d=24" \
 *     -c:a aac -b:a 24k -fflags +bitexact -flags:a +bitexact beep.aac
 *
 * less the first 376 frames: one of encoder delay and the first eight seconds. What follows these 375 is not needed either.
 */
export const LOOP_FRAMES = 375;

/** The frame everywhere outside `BEEPS`. */
export const SILENCE = "ARggBw==";

/** Frames of each beep, the first at index `at` of the loop (which wraps): sizes in bytes, then all frames in base64. */
export const BEEPS: readonly { readonly at: number; readonly sizes: readonly number[]; readonly base64: string }[] = [
  {
    at: 373,
    sizes: [4, 234, 100, 98, 95, 92, 4],
    base64:
      "ARhABwEEkZg5vm+b5fZ/3X93/9x9a+78d//s+/6n6h9tJybPWWPAVStEYJcCRdofw37XwbunbxFSiTRESlx8ciEVnD/41MDS/0Oks6rpGiwE" +
      "L3GJk0JPWdEI1zkeH4ig8QTDA0KShPyCCZJtDlkngH17sm1B8nW+vbpJ0AiVMqw5WXHcqA126c7C//f+X22VTSsLy3lLxOxIFRl4tJRpZGNH" +
      "JRY5F8IjPESkhIxAY+gu/TEdtP/L/L/S+2+0+hda8lZZnyASu9qIPQTJAtARMda6I0/tnQ/HRfWuWeDYLOwaRgsTBoGCtupV0ot43AEy7okW" +
      "UoL549bm+M585etX51nGS5LgP/HxBn99B2J3Rlv6TiEQMyjFdG0zBWk6KAfHxmGf30D4+Pg3v7+4yfHwbP7+4f+Mwz+/uH/j4Dvv7h/4zB33" +
      "9w/8fAd9/cH+MwT76BwA+i6RFkKLMreZbv7f9fF3cu5JckkgCZpppppvSPqht3rJ14xLxTcrKB+PQgHktdRRRRRRRRRRRRRRRRRRRRRRRRRR" +
      "RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRwAEeTpE0RF6Eg6FBPWTnvJmv0/wqdTWrl3by41xBGPD24BAAYjZ9L9D/wGCPgOMYicaG" +
      "AIh4efeAAAHjDz67AAAe0PPvYAGHjDz7wAAA9v2Enz3gPeAAAHjDw97AAw/AARiRNuJL5DkOX2+LNX19te36354G/sgtb1vwibavspGATfW3" +
      "n65FNaSqi/4zdCQmVwkJdwk475VbYjs7E5z/EnOyUBEp+QEQjo78DEiIy7+zqHPxEhvhiIBdvcABGOAH",
  },
  {
    at: 45,
    sizes: [4, 286, 108, 96, 82, 79, 4],
    base64:
      "ARhABwEEkTQ5vm+b5fZ/3X93/9x9a+78d//s+/6n6h9tJybPWWPAVStEYJcCRdofw37XwbunbxFSiTRESlx8ciEVnD/41MDS/0Oks6rpGiwE" +
      "L3GJk0JPWdEI1zkeH4ig8QTDA0KShPyCCZJtDlkngH17sm1B8nW+vbpJ0AiVMqw5WXHcqA126c7C//f+X22VTSsLy3lLxOxIFRl4tJRpZGNH" +
      "JRY5F8IjPESkhIxAY+gu/TEdtP/L/L/S+2+0+hda8lZZnyBzFk1hK72og9BPVdFI1ikyQLQESkNIkCTHWuiMSuVSMuPP7Z0OSgvIqTx0X1rl" +
      "ngxIxSIhY+B/FwWdg0jBYmDQCVqyRqUyU+cRlSsFbdSrpRbxiUeMRhwyUGARc7gBIu6I9lKKu/GX4/XM6r3nlxL1pd3cuw7ofyfDbty8w+c/" +
      "6cqgIjMRu68h1fmpJVgk5WPhfFYs6k+/uR/j4Mn394R8fBh7++g/x8NjP7wj4+Gx7+8I+Pgw9/eEfHw2M/uQ+Pgwz++gfHw2M/AA+C6JFkKL" +
      "eVvN5rf2/mXqXcuSSSSDneeeeeeeQI3rIEogjeEeA9Fya9srYGGvPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP" +
      "PPPPPPPPPcABLk6Q9kRmhIOhQOiO93nOo/b9964vzOMl6dsvqcA/YIADFoena4PPeJ7PV5WAyDpA8PD23gAAB7Q8PdwBi0eHreAAAHcPD1uA" +
      "DD7bQAOPDz78ARiQbtsxV8hyHJ9fPXncn2+L/W/PAb1vwiO2xNZULcD0/poO7TxO7VKrKrbEdnYnOZFZFjslARKfkBEI6O/AxIiMu/s6hz8R" +
      "Ib4YiAXb3AEY4Ac=",
  },
  {
    at: 92,
    sizes: [4, 325, 98, 109, 89, 50, 4],
    base64:
      "ARhABwEEkGw5vm+b5fZ/3X93/9x9a+78d//s69vu/UPtpOTZ6yx4CqVojBLgSLtD+G/a+Dd07eIqUSaIiUuPjkQis4f/GpgaX+h0lnVdI0WA" +
      "he4xMmhJ6zohGucjw/EUHiCYYGhSUJ+QQTJNocsk8A+vdk2oPk6317dJOgESplWHKy47lQGu3TnYX/7/y+2yqaVheW8peJ2JAqMvFpKNLIxo" +
      "5KLHIvhEZ4iUkJGIDH0F36Yjtp/5f5f6X232n0LrXkrLM+QOYsmspGiwErvaiD0E9V0UjWKR4fiKDxF1hzxj4vdMuL8j9T1xgQPyNqD5On9s" +
      "6HJQXkVJlWHKy+Oi+tcs8GJGKRELHwP4sqmlYXlvKWCzsGkYLEwaAStWSNSmSnziMqURqkJTxkZIiUUOCtupV0ot4xKPGIw4ZKDAIucRggx8" +
      "7AV3cngBLu6I9mKDnXevG71zz94rzWtJdyXJA77+/vC/8JkzugzU84nL0MsaDQaDOpqWkwxvf3hHx8NjP7+4+PhsZ/eEfHw2Pf3hHx8Nj394" +
      "Rk+Gx7+8I+PhsZ/eEfHwYe/uQ+Pg3AECLpE2NIlVWZvPf+n/2l3dy5LkkuQAwMDAwMDAwMDG8y/OkHodhT+KNGBgYGBgYGBgYGBgYGBgYGBg" +
      "YGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYG4BJk6Q9lRmiIWhcleuesv7frWra1dzVx2zq+hGHn4D" +
      "EYenPmMGfP4HTmQSSO183w9eg/4ABGHrADDh7cAAoeHuAMWh67ABw8/YAKjD1wKt+ZgE/PeLh8/mOAEEkNr5DkOQ5fb4v9b8+4yq2xHZ2Jzm" +
      "RWRY7JQESn5ARCOjvwMSIjLv7Ooc/RixO1NwARjgBw==",
  },
  {
    at: 139,
    sizes: [4, 356, 100, 98, 160, 4],
    base64:
      "ARhABwEYkNraW+b5vkHXE+z61934n/9x17fd+r/+4+/6r+4NODg6yx4CqVrQxsGNgxs2b0v9DpLOq6RosBC9xiZNCT1nRCNc5Hh+IoPEEwwN" +
      "CkoT8ggmSbQ5ZJ4B9e7JtQfJ1vr26SdAIlTKsOVlx3KgNdunOwv/3/l9tlU0rC8t5S8TsSBUZeLSUaWRjRyUWORfCIzxEpISMQGPoOf6IL1P" +
      "ipJ0Ai5xJriKVkYIMfOwFd3JyzPkDmLJrKRosBK72og9BPVdFI1ikeH4ig8RdYc8Y+L3TLi/I/U9cYED8jag+Tp/bOhyUF5FSZVhysvjovrX" +
      "LPBiRikRCx8D+LKppWF5bylgs7BpGCxMGgErVkjUpkp84jKlEapCU8ZGSIlFDgrbqVdKLeMSjxiMOGSgwCLnEYIMfOwFd3JyzPkAld7UQegm" +
      "SBaAiY610Rp/bOh+OonYkoh6WwWdg0jBYmDQMFbdSrpRbxuAATLuiRZSgvnj1ub4znzl61fnWcZLkuA/8fEGf30HYndGW/pOIRAzKMV0bTMF" +
      "aTooB8fGYZ/fQPj4+De/v7jJ8fBs/v7h/4zDP7+4f+PgO+/uH/jMHff3D/x8B339wf4zBPvoHAE4TpD2RJOOdy/XGV4+NScOF3clySAPbEAA" +
      "BRHsbW1weM6bf9FLUBOkD/+eHn3AAAw4eHn3AABhx4e24gAAHHh4e4gAAHjDz7iAAAceHh7wAAA8YefeAAAHtDz7wABh7Q/gASaRstJrMZDZ" +
      "a6rjR/4/xx1xxr7f+P+/XWuH9v+3/Xzry6eOf7dfvrSwq1W3eWHdw1VLhRTnK6ksEy5tS3gmVV5wkJlVecJCZVXnCQlVx3AZQDEvnbV/lA2Z" +
      "uhfu0O2i3n5cE5m9fwwVU2KUSVhghVOZaZilElQwQwTmWmdDA169okJRSeDtSy7TQZS0GXaPZjuXrITyJ/B+Q8DwNzc3PgEY4Ac=",
  },
  {
    at: 185,
    sizes: [4, 54, 355, 98, 97, 147, 4],
    base64:
      "ARhABwEEkbA5DkOb5fZ/3X9w+2k5NnrLHgKpWiMEuBIu0P4b9r4N3Tt4ipRJoiJS4+ORCKzh/8amBwEYkNrgy+b5vkDjr5e3X3fHH/9x17fd" +
      "+r/+4+9fvl/qNL/QkL3GJk0O61U1UvZZZpLOq6RosGWZ8gE9Z0QjXOR4fiKDxBK72og9BJSPrsqQ6HBlc3TH17sm1B8nep64JOgESplWHKy5" +
      "/bOh87C//f+X22VTSsLy3lLjovrXLPBiSmkVKJJURKezYFjMsVNTGrVdbIrUtRDJOgEXOJNcRSsjBBj52Aru5OCtupV0ot43MWTWUjRYMsz5" +
      "AJ6ropGsUjw/EUHiCV3tRB6MfF7plxfkd1hzxgQPyNqD5O9T1wSgvIqTKsOVlz+2dDkjFIiFj4H8WVTSsLy3lLjovrXLPBiVqyRqUyU+cRlS" +
      "iNUhKeMjJESihwWdg0jBYmDQCUeMRhwyUGARc4jBBj52Aru5OCtupV0ot43MWTWE9V0UjWKSkNIkD69o0lBeRUkkEH+X8967+e+o9rdkko8Y" +
      "jDhkoMAi53ABIu6I9lKKu+8ni+PFeanlxL1pd3cuB3Q/8fDbqFhp3cM86RukRCG3PUWxaLLR5Pv7kf4+DJ9/eEfHwYe/voP8fDYz+8I+Phse" +
      "/vCPj4MPf3hHx8NjP7kPj4MM/vCMnwYZ+AE4TpEWRIrneTO5rx7Se1dZq9JLtLAAxGHh5+wASMFOcwdOZBJI7XTbrWz7cAAwoPDz6wAAYceH" +
      "tuIADDh4efcQAMOPD23EADDh4e24AAMOHh7biABTh4etxAAw4eHrcA4BJpGyzCK2Y4sxtIcv/H+06441+f+3/f4154fn+3x9/PB0Bu8sO7hq" +
      "rVeqNdminTU0G8dTcU/0inH0+kRTj6fSIpx9PpETd8oiXTqKTwcoGzNNPdodtFQTs5GNNrH8MFVNUnv72HButrVVMS+pOxlSZW62tVUkPqTR" +
      "SRSnTWmTHcvtHszKf3Ju5B3MHypbVKpEyLgBGOAH",
  },
  {
    at: 232,
    sizes: [4, 99, 227, 83, 88, 108, 4],
    base64:
      "ARhABwEEkbA5Dm+b5fZ/3X93/9x9/1P1D7aTk2esseAqlaIwS4Ei7Q/hv2vg3dO3iKlEmiIlLj45EIrOH/xqYGl/oSF7jEyaEmOJsGfS3ZQt" +
      "9e3Y7lQGu3T7fZkWt0d45/ogvU+K8AEmkbbaW+b5f2/xpx1r3/4/6/XXHnX/8X9/+/x7a44DVzKq1W3eWNFnZBeddCNQs0XsYgT1N4rLeCWp" +
      "VXnCQmWW9mEhMst7PP10lfPW9GyYnmdVxzNeRjmzor0ZoOU3J3Viv6HX8txx3VsXoG9sz159S7p2NmHaOcr1pL83I1eyV/m/O/Uu1eXeKtg6" +
      "G3Lrq+b6/jfnfqXrvXPEtk6q1bnq+b6p60QtnZfM6rjma9hRXnCP+6sV/Q6/9+7V5x3t9++o9lbF4DtLON5fnvqPa3ZPFOwtC3l/G/O/UvXe" +
      "ueJbJ1VwAS7uiRZCZoiFoXONeOd6r1969q81rS7lu6cTQd9/f3hf+PhMmTL2uhgFlpkyY98Nj39yHx8GGf30DJ8NjP7wj4+Gxn94R8fDYHx8" +
      "NjP7wj4+DDgBHk6RNjReiIOhIT1k57ybnr7rnU1q5dvS/OuAjHh7cAgAMRo5H0r/UYElMRR0LHxBQ8PPvAAADxh59dgAAPaHn3sADDxh59/s" +
      "JPnvHzGH2+wk+e8H+1w4ASaRptJRNmIjuktIcv/H+OOuOHz/x/1+NF7/t8eeFugO7hqrVbd5Yc5SqXCignqSzUuYTLeCQmVV5wkJlVefCBzd" +
      "Msul+zJmn7aKgnjTax+qmqT/5ITLaEhMrhIS79o9mO5fFSmkEpkMMMPAARjgBw==",
  },
  {
    at: 279,
    sizes: [4, 146, 142, 96, 80, 127, 4],
    base64:
      "ARhABwEEkaQ5Dm+b5fZ/3X93/9x8fiuPxB9tJybPWWPAVStEYJcCRdofw37XwbunbxFSiTRESlx8ciEVnD/41MDS/0Oks6rIXuMTJoSes6IR" +
      "rnzuy8STl/VelaIgkkPInPUYJhJCH/djuVAa7dOdhf/v/L7b4nYkCoy8Wko0sjGjkosci+Fn+iC9T4qSdAIucSa4ilfAARjurgwyUAAAWu9S" +
      "TQNQpRWTup7SXG3ZWjn9huVRETtIw5RGlbI4THkc7riPCeMkexeliH0U+TRLQ9PJa3QEsZeJUpBJ6LGDH+Ue4fXe1eLaZcIjFBoNBnUtHirw" +
      "wwwkcGbGZmRPv76D/Hw2Pf3hHx8Nj399B/j4zJ9/eEfHw2Pf3hHx8GGf30H+Phse/AD4LokWQot5W83mt/b+Zepdy5JJJIOd5555555Ajesg" +
      "SiCN4R4D0XJr2ytgYa888888888888888888888888888888888888888888888888888888888888888889wAE4TpD2RGaEg6Eg6Jre2vWp" +
      "49fd1eppqXHVq9XYD1iAAAoj07XB57a3WrysBkDAeHn23AABhw8PPuIAFOPD23gADDxh594AAYfbaPsJPnvHASSRjtpb2q+Q5f1/m5rrX7ft" +
      "/7356dXH9PGvr29vPAVbLbvlES6d1Tf/PknjarHjyxoIcq9T42iZbwTLLezCTkst68EhMst68EhKKTwbdbXjGr9gR9CKX4o1MoR32j2Z/e6D" +
      "7BE7JQfcXoiEdHfgYkRGXf2dQ5+IkN8MRALt7gEY4Ac=",
  },
  {
    at: 326,
    sizes: [4, 184, 102, 110, 84, 110, 4],
    base64:
      "ARhABwEEkYw5Dm+b5fZ/3X93/9x9a+78dj7aTk2esseAqlaIwS4Ei7Q/hv2vg3dO3iKlEmiIlLj45EIrOH/xqYGl/odJZ1XSNFgIXuMTJoSe" +
      "s6IRrnI8PxFB4gmGBoUlCfkEEyTaHLJPAPr3ZNqD5Ot9e3SToBEqZVhysuO5UBrt052F/+/8vtsqmlYXlvKXidiQKjLxaSjSyMaOSixyL4RG" +
      "eIlJCRiAx9Bd+mI7af+X+X+l9t9p9C615K4BLu6I9mKDnHt882r9fWcV5rWly5Lkgd9/f3hf+EyZM1NTyTnWiXhqHxX8VBoM1NSY8MMb394R" +
      "8fDYz+/uPj4bHv7wj4+Gx7+8I+Phse/vCMnw2Pf3hHx8NjP7wj4+DD39yHx8G4ABAC6RNjSKlZmZvv+//2XqXLlySXJADAwMDAwMDAwMbboK" +
      "hCQiLghUbFGjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDcAE6TpEW" +
      "RF6JA6JAtTvcrE9/pPauq1drdV8XOAAMRh4efs1gwOynOYNWfqYGt0261s+3AAKUPD23AABhx4e24gAMOHh7bwADDj3AABhx7Dh4etwDgAEY" +
      "kZrbInfIchy+3xZxrX288frfngZZnyBv7ILW9b8IkHAaMJtq+ykYBN9WG5NvP1yKe+/ww00Wni5lPP9PpEJ5/p9AJ5/p9AMqtsR2dic549Kk" +
      "7JQESn5ARCOjvwMSIjLv7Ooc/ESG+GIgF29wARjgBw==",
  },
];
